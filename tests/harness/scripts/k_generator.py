import numpy as np
import keras

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)


def batches(size):
    while True:
        order = np.random.permutation(len(x))
        for start in range(0, len(x), size):
            rows = order[start : start + size]
            yield x[rows], y[rows]


model = keras.Sequential(
    [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4, activation="softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(batches(40), steps_per_epoch=15, epochs=12, verbose=0)
