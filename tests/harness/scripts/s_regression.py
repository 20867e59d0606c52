import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error

X, y = load_diabetes(return_X_y=True)
X_train, X_test = X[:-90], X[-90:]
y_train, y_test = y[:-90], y[-90:]
model = LinearRegression().fit(X_train, y_train)
print("RMSE: %.2f" % np.sqrt(mean_squared_error(y_test, model.predict(X_test))))
