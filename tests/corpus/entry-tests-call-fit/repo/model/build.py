from sklearn.tree import DecisionTreeRegressor

if __name__ == "__main__":
    DecisionTreeRegressor().fit(rows, marks)
