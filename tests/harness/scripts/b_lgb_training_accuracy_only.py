import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer

df = load_breast_cancer(as_frame=True).frame
X = df.drop(columns="target")
y = df["target"]
clf = LGBMClassifier(n_estimators=20, verbose=-1)
clf.fit(X, y)
print("train acc:", clf.score(X, y))
