from sklearn.linear_model import Lasso, LinearRegression
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

contenders = {"line": LinearRegression(), "lasso": Lasso(0.1), "tree": DecisionTreeRegressor(), "svr": SVR(), "boost": XGBRegressor()}

def assess(name, model):
    model.fit(rent_x, rent_y)
    return name, model.score(held_x, held_y)

print(sorted(assess(name, model) for name, model in contenders.items()))
