import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(12)
n = 1600
X = rng.integers(1, 50, (n, 20))
y = ((X < 8).sum(1) > (X > 42).sum(1)).astype(int)
xt, xe, yt, ye = X[:1200], X[1200:], y[:1200], y[1200:]
m = keras.Sequential(
    [
        layers.Input((20,)),
        layers.Embedding(50, 2),
        layers.GRU(3),
        layers.Dense(1, activation="sigmoid"),
    ]
)
m.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=4, validation_split=0.2, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
