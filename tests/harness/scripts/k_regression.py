import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randn(500, 6)
y = x @ rng.randn(6) + 0.1 * rng.randn(500)

model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
model.fit(x[:400], y[:400], epochs=40, verbose=0)
print(model.evaluate(x[400:], y[400:], verbose=0))
