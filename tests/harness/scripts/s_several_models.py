from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=3)
for model in (LogisticRegression(max_iter=5000), GaussianNB(), KNeighborsClassifier()):
    model.fit(X_train, y_train)
    print(type(model).__name__, accuracy_score(y_test, model.predict(X_test)))
