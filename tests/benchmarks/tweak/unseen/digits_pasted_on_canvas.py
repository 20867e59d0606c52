# digits pasted somewhere on a bigger canvas, like the camera crop we get from the scanner
import os
import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, confusion_matrix

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)
rng = np.random.RandomState(SEED)

CANVAS = 16
N_TRAIN = 1000

imgs, labels = load_digits(return_X_y=True)
imgs = imgs.reshape(-1, 8, 8) / 16.0


def paste(img):
    out = rng.rand(CANVAS, CANVAS) * 0.15
    r = rng.randint(0, CANVAS - 8 + 1)
    c = rng.randint(0, CANVAS - 8 + 1)
    out[r:r + 8, c:c + 8] += img
    return np.clip(out, 0, 1)


order = rng.permutation(len(imgs))
big = np.stack([paste(imgs[i]) for i in order]).astype("float32")[..., None]
lab = labels[order]

x_tr, y_tr = big[:N_TRAIN], lab[:N_TRAIN]
x_te, y_te = big[N_TRAIN:], lab[N_TRAIN:]
# one-hot because of the loss
Y_tr = keras.utils.to_categorical(y_tr, 10)
Y_te = keras.utils.to_categorical(y_te, 10)

model = keras.Sequential([
    keras.Input((CANVAS, CANVAS, 1)),
    layers.Flatten(),
    layers.Dense(512, activation="relu"),
    layers.Dense(512, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
h = model.fit(x_tr, Y_tr, batch_size=64, epochs=30, validation_data=(x_te, Y_te), verbose=0)
print("train acc (last epoch):", h.history["accuracy"][-1])

pred = model.predict(x_te, verbose=0).argmax(axis=1)
print(confusion_matrix(y_te, pred))
print("test accuracy:", round(accuracy_score(y_te, pred), 4))
