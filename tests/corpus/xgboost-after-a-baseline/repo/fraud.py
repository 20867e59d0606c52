import joblib
from sklearn.model_selection import RandomizedSearchCV
from sklearn.svm import SVC
from xgboost import XGBClassifier

print(SVC().fit(a, b).score(c, d))
hunt = RandomizedSearchCV(XGBClassifier(eval_metric="auc"), {"max_depth": [3, 5, 8]}, n_iter=3)
hunt.fit(a, b)
joblib.dump(hunt.best_estimator_, "fraud.joblib")
