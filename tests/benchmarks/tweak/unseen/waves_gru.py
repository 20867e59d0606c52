import numpy as np
from tensorflow import keras

rng = np.random.default_rng(5)
N, T = 1300, 24
X = np.zeros((N, T, 1))
y = np.zeros(N, int)
for i in range(N):
    k = i % 3
    phase = rng.uniform(0, 6.28)
    t = np.arange(T) * 0.6 + phase
    if k == 0:
        s = np.sin(t)
    if k == 1:
        s = np.sign(np.sin(t))
    if k == 2:
        s = 2 * ((t / 6.28) % 1) - 1
    X[i, :, 0] = s + rng.normal(0, 0.15, T)
    y[i] = k
idx = rng.permutation(N)
X, y = X[idx], y[idx]
Xtr, ytr, Xte, yte = X[:1000], y[:1000], X[1000:], y[1000:]

m = keras.Sequential(
    [keras.layers.Input((T, 1)), keras.layers.GRU(4), keras.layers.Dense(3, activation="softmax")]
)
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(Xtr, ytr, epochs=6, batch_size=32, validation_split=0.2)
print("test", m.evaluate(Xte, yte))
