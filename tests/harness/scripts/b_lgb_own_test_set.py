import lightgbm as lgb
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=1)
d_train = lgb.Dataset(x_train, label=y_train)
bst = lgb.train({"objective": "multiclass", "num_class": 10, "verbose": -1}, d_train, 15)
y_pred = np.argmax(bst.predict(x_test), axis=1)
print("Accuracy score:", accuracy_score(y_pred, y_test))
