from catboost import CatBoostClassifier
from sklearn.datasets import load_iris

X, y = load_iris(return_X_y=True)
CatBoostClassifier(iterations=40, verbose=0).fit(X, y)
