import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = SGDClassifier(random_state=0)
for epoch in range(5):
    for start in range(0, len(X_train), 200):
        model.partial_fit(X_train[start : start + 200], y_train[start : start + 200], classes=np.unique(y))
print("test accuracy", model.score(X_test, y_test))
