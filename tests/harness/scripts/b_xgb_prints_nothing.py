from sklearn.datasets import load_digits
from xgboost import XGBClassifier

X, y = load_digits(return_X_y=True)
model = XGBClassifier(n_estimators=15, max_depth=3)
model.fit(X, y)
