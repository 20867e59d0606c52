import keras
import numpy as np

series = np.sin(np.arange(500) / 8) + 0.05 * np.random.RandomState(0).randn(500)
x = np.stack([series[i : i + 10] for i in range(480)])
y = series[10:490]
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=30, shuffle=False, verbose=0)
