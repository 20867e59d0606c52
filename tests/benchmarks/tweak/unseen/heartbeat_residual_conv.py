import os
import numpy as np
import keras
from keras import layers, ops
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)

LR = 0.1
EPOCHS = 10
LENGTH = 64


def beat(kind, rng):
    t = np.linspace(0, 1, LENGTH)
    c = rng.uniform(0.35, 0.6)
    s = 0.25 * np.exp(-((t - c + 0.18) / 0.035) ** 2)              # P
    width = 0.018 if kind != 1 else 0.05                            # 1: wide QRS
    s += np.exp(-((t - c) / width) ** 2) - 0.25 * np.exp(-((t - c - 0.05) / 0.02) ** 2)
    sign = -1 if kind == 2 else 1                                   # 2: inverted T
    s += sign * 0.35 * np.exp(-((t - c - 0.25) / 0.05) ** 2)
    if kind == 3:                                                   # 3: missing P
        s -= 0.25 * np.exp(-((t - c + 0.18) / 0.035) ** 2)
    return s * rng.uniform(0.85, 1.15) + rng.normal(0, 0.05, LENGTH)


def get_data(n=1600):
    rng = np.random.default_rng(SEED + 7)
    y = rng.integers(0, 4, n)
    X = np.stack([beat(k, rng) for k in y]).astype("float32")
    return X[..., None], y


def res_block(x, filters):
    skip = layers.Conv1D(filters, 1, padding="same")(x)
    h = layers.Conv1D(filters, 5, padding="same", activation="relu")(x)
    h = layers.Conv1D(filters, 5, padding="same")(h)
    h = layers.Add()([h, skip])
    h = layers.Activation("relu")(h)
    return layers.MaxPooling1D(2)(h)


def build():
    inp = keras.Input((LENGTH, 1))
    x = res_block(inp, 16)
    x = res_block(x, 32)
    x = layers.Flatten()(x)
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(inp, layers.Dense(4, activation="softmax")(x))


X, y = get_data()
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=SEED, stratify=y)
model = build()
model.compile(optimizer=keras.optimizers.Adam(learning_rate=LR),
              loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=EPOCHS, batch_size=32, verbose=2)
test_loss, test_acc = model.evaluate(X_test, y_test, verbose=0)
print("Test accuracy:", round(float(test_acc), 4))
