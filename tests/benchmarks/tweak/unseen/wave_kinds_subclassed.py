import os
import numpy as np
import tensorflow as tf
from tensorflow import keras

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)

T = 40
KINDS = ["sine", "square", "saw", "chirp"]


def wave(kind, rng):
    t = np.arange(T) / T
    f = rng.uniform(2.0, 4.0)
    ph = rng.uniform(0, 1)
    u = (f * t + ph) % 1.0
    if kind == "sine":
        w = np.sin(2 * np.pi * u)
    elif kind == "square":
        w = np.where(u < 0.5, 1.0, -1.0)
    elif kind == "saw":
        w = 2 * u - 1
    else:
        w = np.sin(2 * np.pi * (f * 0.5 * t + 4 * t ** 2 + ph))
    return w * rng.uniform(0.8, 1.2) + rng.normal(0, 0.1, T)


def dataset(n, rng):
    y = rng.integers(0, len(KINDS), n)
    X = np.stack([wave(KINDS[i], rng) for i in y])[..., None].astype("float32")
    return X, y


class WaveNetwork(keras.Model):
    def __init__(self, units=32, n_out=4, **kw):
        super().__init__(**kw)
        self.rnn = keras.layers.LSTM(units)
        self.hidden = keras.layers.Dense(32, activation="relu")
        self.head = keras.layers.Dense(n_out, activation="softmax")

    def call(self, x, training=False):
        x = self.rnn(x)
        x = self.hidden(x)
        return self.head(x)


rng = np.random.default_rng(SEED)
x_train, y_train = dataset(1500, rng)
x_val, y_val = dataset(200, rng)
x_test, y_test = dataset(400, rng)

net = WaveNetwork()
net.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001),
            loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
net.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=2, batch_size=32, verbose=2)
_, acc = net.evaluate(x_test, y_test, verbose=0)
print("test acc", acc)
