"""Benign or malignant, asked of three boosting libraries in turn."""

import catboost
import lightgbm
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)

for model in (
    xgboost.XGBClassifier(n_estimators=20, max_depth=3),
    lightgbm.LGBMClassifier(n_estimators=20, verbose=-1),
    catboost.CatBoostClassifier(iterations=20, verbose=False, allow_writing_files=False),
):
    model.fit(X_train, y_train)
    print(type(model).__name__, accuracy_score(y_test, model.predict(X_test)))
