exec("from sklearn.svm import LinearSVC\nmachine = LinearSVC()")
machine.fit(rows, names)
