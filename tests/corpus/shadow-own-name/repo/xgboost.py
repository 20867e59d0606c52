import xgboost as xgb

model = xgb.XGBRegressor(n_estimators=50)
model.fit(x, y)
