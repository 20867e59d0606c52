from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

X, y = load_iris(return_X_y=True)
model = RandomForestClassifier(n_estimators=20, random_state=0)
print("CV accuracy: %.3f" % cross_val_score(model, X, y, cv=5).mean())
model.fit(X, y)
