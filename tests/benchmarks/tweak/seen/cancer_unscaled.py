from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
import keras
from keras import layers

X, y = load_breast_cancer(return_X_y=True)
X = X * 100
xt, xe, yt, ye = train_test_split(X, y, test_size=0.3, random_state=2, stratify=y)
m = keras.Sequential(
    [layers.Input((30,)), layers.Dense(8, activation="tanh"), layers.Dense(1, activation="sigmoid")]
)
m.compile(optimizer=keras.optimizers.SGD(0.01), loss="binary_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=10, validation_split=0.2, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
