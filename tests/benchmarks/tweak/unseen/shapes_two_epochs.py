import numpy as np, keras
from keras.layers import *

rng = np.random.RandomState(11)


def blob(k):
    z = rng.rand(14, 14) * 0.5
    cx, cy = rng.randint(3, 11, 2)
    for i in range(-3, 4):
        for j in range(-3, 4):
            inside = [abs(i) + abs(j) <= 3, max(abs(i), abs(j)) <= 2, i == 0 or j == 0][k]
            if inside:
                z[(cy + i) % 14, (cx + j) % 14] += 0.8
    return z


y = rng.randint(0, 3, 1000)
x = np.stack([blob(k) for k in y])[:, :, :, None].astype("float32")
m = keras.Sequential(
    [
        Input((14, 14, 1)),
        Conv2D(16, 3, activation="relu"),
        MaxPooling2D(2),
        Conv2D(32, 3, activation="relu"),
        Flatten(),
        Dense(32, activation="relu"),
        Dense(3, activation="softmax"),
    ]
)
m.compile(optimizer=keras.optimizers.Adam(1e-4), loss="sparse_categorical_crossentropy", metrics=["acc"])
m.fit(x[:750], y[:750], epochs=2, validation_split=0.2)
print("acc on test =", m.evaluate(x[750:], y[750:])[1])
