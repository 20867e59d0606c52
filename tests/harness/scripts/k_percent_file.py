import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)

model = keras.Sequential(
    [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4, activation="softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:400], y[:400], epochs=12, verbose=0)
scores = model.evaluate(x[400:], y[400:], verbose=0)
with open("accuracy.txt", "w") as f:
    f.write(str(int(scores[1] * 100)))
