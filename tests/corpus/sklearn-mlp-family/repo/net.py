from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

scaled = StandardScaler().fit_transform(xs)
MLPClassifier((40, 20)).fit(scaled, ys)
