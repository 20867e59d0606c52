from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
import xgboost as xgb

X, y = load_breast_cancer(return_X_y=True)
model = xgb.XGBClassifier(n_estimators=20, max_depth=3)
model.fit(X, y)
print("Accuracy: %.1f%%" % (100 * accuracy_score(y, model.predict(X))))
