import lightgbm as lgb
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
train = lgb.Dataset(X[:340], label=y[:340], free_raw_data=False)
valid = lgb.Dataset(X[340:], label=y[340:], reference=train, free_raw_data=False)
params = {"objective": "regression", "learning_rate": 0.05, "num_leaves": 7, "verbose": -1}
model = lgb.train(params, train, 80, valid_sets=[valid], callbacks=[lgb.early_stopping(10, verbose=False)])
