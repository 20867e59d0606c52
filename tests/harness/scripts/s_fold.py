import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
skf = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
clf = LogisticRegression(max_iter=500)
accs = []
for tr, te in skf.split(X, y):
    sc = StandardScaler().fit(X[tr])
    clf.fit(sc.transform(X[tr]), y[tr])
    accs.append(accuracy_score(y[te], clf.predict(sc.transform(X[te]))))
print("Mean CV accuracy:", np.mean(accs))
