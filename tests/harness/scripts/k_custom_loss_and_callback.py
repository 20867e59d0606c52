import keras
import numpy as np
from keras import ops


def weighted(y_true, y_pred):
    return ops.mean(keras.losses.sparse_categorical_crossentropy(y_true, y_pred)) * 1.5


class Teller(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])


rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
model = keras.Sequential(
    [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4, activation="softmax")]
)
model.compile("adam", weighted, metrics=["accuracy"])
teller = Teller()
model.fit(x[:400], y[:400], epochs=12, callbacks=[teller], verbose=0)
assert len(teller.losses) == 12
print("acc", model.evaluate(x[400:], y[400:], verbose=0)[1])
