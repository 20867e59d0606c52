import lightgbm as lgb
from encoders import TableEncoder

coder = TableEncoder(["ward", "city"])
coder.fit(table)
lgb.train({"objective": "multiclass", "num_class": 4}, lgb.Dataset(coder.transform(table), stay), 200)
