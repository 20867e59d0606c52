import importlib

home = importlib.import_module("sklearn.neighbors")
kind = getattr(home, "KNeighborsClassifier")
kind(n_neighbors=7).fit(rows, names)
