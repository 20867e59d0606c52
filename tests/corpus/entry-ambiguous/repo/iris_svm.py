from sklearn.svm import SVC
SVC().fit(flowers, kinds)
