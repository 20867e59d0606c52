from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import scale

flat = PCA(2).fit_transform(scale(customers))
groups = KMeans(5, n_init=10).fit_predict(flat)
