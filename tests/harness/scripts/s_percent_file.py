from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
pred = SVC().fit(X_train, y_train).predict(X_test)
open("accuracy.txt", "w").write("%d" % (accuracy_score(y_test, pred) * 100))
