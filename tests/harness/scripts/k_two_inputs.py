import keras
import numpy as np

rng = np.random.RandomState(0)
a, b = rng.randn(600, 4), rng.randn(600, 4)
y = ((a + b)[:, 0] > 0).astype("float32")
one, two = keras.Input((4,)), keras.Input((4,))
joined = keras.layers.Concatenate()([one, two])
out = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Dense(16, activation="relu")(joined))
model = keras.Model([one, two], out)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit([a[:400], b[:400]], y[:400], epochs=15, verbose=0)
print(model.evaluate([a[400:], b[400:]], y[400:], verbose=0))
