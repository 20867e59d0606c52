from sklearn.neighbors import KNeighborsClassifier
KNeighborsClassifier().fit(flowers, kinds)
