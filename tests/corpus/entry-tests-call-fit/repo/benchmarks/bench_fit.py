from sklearn.tree import DecisionTreeRegressor

DecisionTreeRegressor().fit(big, marks)
