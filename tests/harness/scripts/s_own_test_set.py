import pandas as pd
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

wine = load_wine(as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(wine.data, wine.target, random_state=0)
clf = LogisticRegression(max_iter=3000)
clf.fit(X_train, y_train)
print("Accuracy of LR: {:.2f}".format(clf.score(X_test, y_test)))
