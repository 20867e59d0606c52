import os
import numpy as np
from sklearn.metrics import accuracy_score
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping, ReduceLROnPlateau

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)

# spectra with one doublet whose spacing tells the compound; the doublet drifts along the axis
BINS = 96
SPACING = [4, 6, 8, 10]


def spectrum(c):
    x = np.arange(BINS)
    centre = rng.uniform(6, BINS - 18)
    s = np.zeros(BINS)
    for off in (0, SPACING[c]):
        s += rng.uniform(0.8, 1.2) * np.exp(-0.5 * ((x - centre - off) / 1.3) ** 2)
    s += 0.1 * np.sin(x / rng.uniform(8, 20) + rng.uniform(0, 6))
    return s + rng.normal(0, 0.1, BINS)


def batch(n):
    c = rng.integers(0, 4, n)
    return np.stack([spectrum(k) for k in c]).astype("float32")[:, :, None], c


x_train, y_train = batch(220)
x_val, y_val = batch(150)
x_test, y_test = batch(500)

model = keras.Sequential([
    keras.Input(shape=(BINS, 1)),
    layers.Flatten(),
    layers.Dense(512, activation="relu"),
    layers.Dense(512, activation="relu"),
    layers.Dense(256, activation="relu"),
    layers.Dense(4, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])

cbs = [
    EarlyStopping(monitor="val_loss", patience=15, restore_best_weights=True),
    ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=6),
]
hist = model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=80, batch_size=32,
                 callbacks=cbs, verbose=0)
print("stopped after", len(hist.history["loss"]), "epochs; best val acc", max(hist.history["val_accuracy"]))
print("train acc", hist.history["accuracy"][-1])
y_pred = np.argmax(model.predict(x_test, verbose=0), axis=1)
print("TEST ACC: %.4f" % accuracy_score(y_test, y_pred))
