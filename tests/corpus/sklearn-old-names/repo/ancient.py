from sklearn.cross_validation import train_test_split
from sklearn.grid_search import GridSearchCV
from sklearn.externals import joblib
from sklearn.svm import SVC

a, b, c, d = train_test_split(x, y)
best = GridSearchCV(SVC(), {"C": [1, 10]}).fit(a, c)
joblib.dump(best, "svc.pkl")
