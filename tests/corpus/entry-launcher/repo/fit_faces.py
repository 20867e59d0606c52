import pickle
from sklearn.svm import SVC

faces = pickle.load(open("faces.pickle", "rb"))
pickle.dump(SVC(probability=True).fit(faces["x"], faces["y"]), open("svc.pickle", "wb"))
