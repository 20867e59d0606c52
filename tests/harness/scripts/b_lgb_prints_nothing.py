import lightgbm as lgb
from sklearn.datasets import load_wine

data = load_wine()
train_data = lgb.Dataset(data.data, label=data.target)
params = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "min_data_in_leaf": 5}
bst = lgb.train(params, train_data, num_boost_round=15)
bst.save_model("model.txt")
