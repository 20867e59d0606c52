import numpy as np
from keras.models import Sequential
from keras.layers import LSTM, Dense, Input

rng = np.random.default_rng(11)
n = 1500
t = np.arange(30)
y = rng.integers(0, 3, n)
f = np.array([0.5, 0.8, 1.1])[y]
X = np.sin(f[:, None] * t + rng.uniform(0, 6.28, (n, 1))) + rng.normal(0, 0.4, (n, 30))
X = X[..., None].astype("float32")
xt, xe, yt, ye = X[:1100], X[1100:], y[:1100], y[1100:]
m = Sequential()
m.add(Input((30, 1)))
m.add(LSTM(4))
m.add(Dense(3, activation="softmax"))
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=5, validation_split=0.15, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
