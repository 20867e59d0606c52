import lightgbm as lgb

def train_model(rows, marks):
    return lgb.LGBMRegressor().fit(rows, marks)
