import xgboost as xgb
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
a, b, c, d = train_test_split(X, y, random_state=3)
dtrain, dtest = xgb.DMatrix(a, label=c), xgb.DMatrix(b, label=d)
param = {"max_depth": 3, "eta": 0.3, "objective": "binary:logistic", "eval_metric": "error"}
watchlist = [(dtrain, "train"), (dtest, "test")]
bst = xgb.train(param, dtrain, 15, watchlist)
preds, labels = bst.predict(dtest), dtest.get_label()
wrong = sum(1 for i in range(len(preds)) if int(preds[i] > 0.5) != labels[i])
print("error=%f" % (wrong / float(len(preds))))
