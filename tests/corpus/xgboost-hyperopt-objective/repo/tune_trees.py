import xgboost
from hyperopt import fmin, hp, tpe

def cost(choice):
    booster = xgboost.train({"max_depth": int(choice["depth"]), "objective": "reg:squarederror"}, grid, 40)
    return booster.best_score

best = fmin(cost, {"depth": hp.quniform("depth", 2, 9, 1)}, algo=tpe.suggest, max_evals=20)
