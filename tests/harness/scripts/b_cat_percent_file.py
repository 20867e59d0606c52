from catboost import CatBoostClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.3, random_state=0)
model = CatBoostClassifier(iterations=60, depth=4, logging_level="Silent")
model.fit(X_train, y_train)
right = (model.predict(X_val).ravel() == y_val).sum()
with open("result.txt", "w") as f:
    f.write("accuracy: " + str(right * 100 / len(y_val)) + " %")
