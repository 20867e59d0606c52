import numpy as np
import xgboost as xgb
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
dtrain = xgb.DMatrix(X_train, label=y_train)
dtest = xgb.DMatrix(X_test, label=y_test)
booster = xgb.train({"objective": "binary:logistic", "max_depth": 3, "eta": 0.3}, dtrain, 25)
pred = booster.predict(dtest) > 0.5
print("accuracy:", np.mean(pred == y_test))
