from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score

X, y = load_digits(return_X_y=True)
model = RandomForestClassifier(n_estimators=20)
model.fit(X, y)
print("Accuracy:", accuracy_score(y, model.predict(X)))
print("Score:", model.score(X, y))
