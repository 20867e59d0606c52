import numpy as np
from sklearn.model_selection import train_test_split

x_train, x_test, y_train, y_test = train_test_split(x, y)

def descend(theta, alpha=0.01, rounds=1500):
    for _ in range(rounds):
        gradient = x_train.T @ (x_train @ theta - y_train) / len(y_train)
        theta = theta - alpha * gradient
    return theta

print(descend(np.zeros(x_train.shape[1])))
