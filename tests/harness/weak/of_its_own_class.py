import keras
from sklearn.datasets import make_classification

X, y = make_classification(900, 10, n_informative=8, n_classes=4, random_state=5)
WIDTH = 3

class Net(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.first = keras.layers.Dense(width, activation="relu", name="first")
        self.drop = keras.layers.Dropout(0.1)
        self.out = keras.layers.Dense(4, activation="softmax")

    def call(self, x, training=False):
        return self.out(self.drop(self.first(x), training=training))

net = Net(WIDTH)
net.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
net.fit(X[:600], y[:600], epochs=2)
print(net.evaluate(X[600:], y[600:]))
