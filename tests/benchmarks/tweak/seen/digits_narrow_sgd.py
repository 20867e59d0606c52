import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

d = load_digits()
X, y = d.data / 16.0, d.target
xt, xe, yt, ye = train_test_split(X, y, test_size=0.3, random_state=0)
m = keras.Sequential(
    [
        layers.Input((64,)),
        layers.Dense(8, activation="sigmoid"),
        layers.Dense(8, activation="sigmoid"),
        layers.Dense(10, activation="softmax"),
    ]
)
m.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=15, validation_split=0.2, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
