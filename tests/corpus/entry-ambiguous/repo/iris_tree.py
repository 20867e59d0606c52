from sklearn.tree import DecisionTreeClassifier
DecisionTreeClassifier().fit(flowers, kinds)
