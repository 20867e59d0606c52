import joblib
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

iris = load_iris()
model = DecisionTreeClassifier()
model.fit(iris.data, iris.target)
joblib.dump(model, "model.pkl")
