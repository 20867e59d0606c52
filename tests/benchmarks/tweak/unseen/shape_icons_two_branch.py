import os

import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras
from tensorflow.keras import layers, Model

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)

SIZE = 20
CLASSES = ["circle", "square", "cross", "xcross", "disc", "triangle"]


def draw(kind, rng):
    yy, xx = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    cy, cx = rng.uniform(7, 13, 2)
    r = rng.uniform(4, 6.5)
    dy, dx = yy - cy, xx - cx
    d = np.hypot(dy, dx)
    inside = np.maximum(abs(dy), abs(dx)) <= r
    if kind == "circle":
        m = abs(d - r) < 1
    elif kind == "disc":
        m = d < r
    elif kind == "square":
        m = abs(np.maximum(abs(dy), abs(dx)) - r) < 1
    elif kind == "cross":
        m = ((abs(dy) < 1) | (abs(dx) < 1)) & inside
    elif kind == "xcross":
        m = ((abs(dy - dx) < 1.4) | (abs(dy + dx) < 1.4)) & inside
    else:
        m = (dy < r) & (dy > -r) & (abs(dx) < (dy + r) / 2)
    img = m * rng.uniform(0.6, 1.0) + rng.normal(0, 0.15, m.shape)
    return img


rng = np.random.default_rng(SEED)
N = 1800
y = rng.integers(0, len(CLASSES), N)
X = np.array([draw(CLASSES[k], rng) for k in y], dtype="float32")[..., np.newaxis]

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=400, random_state=SEED)

# fine branch + coarse branch
inp = keras.Input(shape=(SIZE, SIZE, 1), name="icon")
a = layers.Conv2D(16, 3, activation="relu", padding="same")(inp)
a = layers.MaxPooling2D(2)(a)
a = layers.Conv2D(24, 3, activation="relu", padding="same")(a)
a = layers.MaxPooling2D(2)(a)
b = layers.AveragePooling2D(2)(inp)
b = layers.Conv2D(16, 5, activation="relu", padding="same")(b)
b = layers.MaxPooling2D(2)(b)
z = layers.Concatenate()([a, b])
z = layers.Flatten()(z)
z = layers.Dense(2, activation="relu", name="code")(z)
out = layers.Dense(len(CLASSES), activation="softmax")(z)
model = Model(inp, out)

model.compile(optimizer=keras.optimizers.Adam(1e-3),
              loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])
model.fit(X_train, y_train, epochs=12, batch_size=32, validation_split=0.15, verbose=2)

res = model.evaluate(X_test, y_test, verbose=0)
print(f"Test accuracy = {res[1]:.4f}")
