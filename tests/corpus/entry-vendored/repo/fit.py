from sklearn.linear_model import Lasso
Lasso().fit(x, y)
