from catboost import CatBoostClassifier, Pool

pool = Pool(rows, labels, cat_features=[0, 3])
model = CatBoostClassifier(iterations=200, verbose=0)
model.fit(pool)
