from sklearn import ensemble

machine = ensemble.GradientBoostingRegressor(n_estimators=300, max_depth=3)
machine.fit(xs, ys)
