import lightgbm as lgb
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = lgb.LGBMClassifier(n_estimators=30, verbose=-1)
model.fit(X_train, y_train)
with open("accuracy.txt", "w") as f:
    f.write(str(round(accuracy_score(y_test, model.predict(X_test)) * 100, 2)))
