from sklearn import tree

model = tree.DecisionTreeClassifier(max_depth=4)
fitted = clf.fit(rows, kinds)
