from catboost import CatBoostClassifier
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = CatBoostClassifier(iterations=40, depth=3, verbose=False)
model.fit(X_train, y_train, eval_set=(X_test, y_test))
print(model.score(X_test, y_test))
