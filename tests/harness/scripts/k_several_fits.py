import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
base = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(32, activation="relu")])
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(4, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:400], y[:400], epochs=3, verbose=0)
base.trainable = True
model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:400], y[:400], epochs=8, verbose=0)
print("accuracy after fine-tuning:", model.evaluate(x[400:], y[400:], verbose=0)[1])
