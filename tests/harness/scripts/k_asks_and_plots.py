import sys

import keras
import matplotlib

matplotlib.use("TkAgg")
import matplotlib.pyplot as plt
import numpy as np

epochs = int(input("How many epochs? "))
rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
model = keras.Sequential(
    [keras.layers.Dense(int(sys.argv[1]), activation="relu"), keras.layers.Dense(4, activation="softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x[:400], y[:400], epochs=epochs, validation_data=(x[400:], y[400:]), verbose=0)
plt.plot(history.history["accuracy"])
plt.plot(history.history["val_accuracy"])
plt.show()
