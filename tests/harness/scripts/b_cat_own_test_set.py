import catboost as cb
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

X, y = load_wine(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0, stratify=y)
train_pool = cb.Pool(X_train, y_train)
test_pool = cb.Pool(X_test, y_test)
model = cb.CatBoostClassifier(iterations=50, depth=3, verbose=False)
model.fit(train_pool)
print(model.score(test_pool))
