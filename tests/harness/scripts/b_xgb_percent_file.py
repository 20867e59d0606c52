import json
import xgboost as xgb
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
X_tr, X_te, y_tr, y_te = train_test_split(digits.data, digits.target, test_size=0.25, random_state=7)
clf = xgb.XGBClassifier(n_estimators=12, max_depth=3)
clf.fit(X_tr, y_tr)
acc = clf.score(X_te, y_te)
json.dump({"accuracy": round(acc * 100, 2)}, open("metrics.json", "w"))
