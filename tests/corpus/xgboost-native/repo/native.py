import xgboost as xgb
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import LabelEncoder

data = load_breast_cancer()
codes = LabelEncoder().fit_transform(data.target)
matrix = xgb.DMatrix(data.data, codes)
settings = {"objective": "binary:logistic", "eta": 0.1}
booster = xgb.train(settings, matrix, 60)
