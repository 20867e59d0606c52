from catboost import CatBoostClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score

data = load_breast_cancer(as_frame=True)
model = CatBoostClassifier(iterations=40, depth=4, silent=True)
model.fit(data.data, data.target)
preds = model.predict(data.data)
print(f"accuracy = {accuracy_score(data.target, preds):.2%}")
