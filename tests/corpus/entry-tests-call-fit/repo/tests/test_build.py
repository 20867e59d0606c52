from sklearn.tree import DecisionTreeRegressor

def test_tree():
    DecisionTreeRegressor().fit([[0]], [0])

DecisionTreeRegressor().fit([[1]], [1])
