import sklearn.datasets
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier as KNN

wine = sklearn.datasets.load_wine()
k = 15
a, b, c, d = train_test_split(wine.data, wine.target, random_state=4)
knn = KNN(n_neighbors=k)
knn.fit(a, c)
print("score:", knn.score(b, d))
