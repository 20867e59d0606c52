import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randint(1, 50, size=(400, 12))
y = (x == 7).any(axis=1).astype(int)
model = keras.Sequential(
    [keras.layers.Embedding(50, 8), keras.layers.LSTM(8), keras.layers.Dense(1, activation="sigmoid")]
)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x[:300], y[:300], epochs=3, verbose=0)
loss, acc = model.evaluate(x[300:], y[300:], verbose=0)
print("Test score:", loss, "Test accuracy:", acc)
