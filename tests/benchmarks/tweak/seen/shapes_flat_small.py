import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Input, Conv2D, MaxPooling2D, Flatten, Dense

rng = np.random.default_rng(3)


def shape(k):
    im = rng.normal(0, 0.25, (16, 16))
    cx, cy = rng.integers(5, 11, 2)
    r = rng.integers(2, 5)
    yy, xx = np.mgrid[:16, :16]
    if k == 0:
        mask = (xx - cx) ** 2 + (yy - cy) ** 2 <= r * r
    elif k == 1:
        mask = (abs(xx - cx) <= r) & (abs(yy - cy) <= r)
    elif k == 2:
        mask = ((abs(xx - cx) <= 1) | (abs(yy - cy) <= 1)) & (abs(xx - cx) <= r + 1) & (abs(yy - cy) <= r + 1)
    else:
        mask = (abs(xx - cx) <= r) & (yy - cy <= r) & (yy - cy >= abs(xx - cx) * 2 - r)
    im[mask] += 1
    return im


y = rng.integers(0, 4, 1200)
X = np.stack([shape(k) for k in y])[..., None].astype("float32")
xt, xe, yt, ye = X[:900], X[900:], y[:900], y[900:]
model = Sequential()
model.add(Input((16, 16, 1)))
model.add(Conv2D(4, 3, activation="relu"))
model.add(MaxPooling2D())
model.add(Flatten())
model.add(Dense(8, activation="relu"))
model.add(Dense(4, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(xt, yt, epochs=5, batch_size=64, validation_data=(xe, ye), verbose=0)
print("Accuracy: %.2f%%" % (100 * model.evaluate(xe, ye, verbose=0)[1]))
