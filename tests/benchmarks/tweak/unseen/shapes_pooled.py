import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models

np.random.seed(7)
SIZE = 16
names = ["square", "ring", "cross", "stripes"]


def draw(kind):
    img = np.random.normal(0, 0.3, (SIZE, SIZE))
    x, y = np.random.randint(4, 12, 2)
    yy, xx = np.mgrid[:SIZE, :SIZE]
    if kind == 0:
        img[max(0, y - 3) : y + 3, max(0, x - 3) : x + 3] += 1
    elif kind == 1:
        d = np.sqrt((xx - x) ** 2 + (yy - y) ** 2)
        img[(d < 4) & (d > 2)] += 1
    elif kind == 2:
        img[y - 1 : y + 1, max(0, x - 4) : x + 4] += 1
        img[max(0, y - 4) : y + 4, x - 1 : x + 1] += 1
    else:
        img[((xx + yy) % 4 < 2) & (abs(xx - x) < 4) & (abs(yy - y) < 4)] += 1
    return img


labels = np.random.randint(0, 4, 1200)
data = np.array([draw(k) for k in labels])[..., np.newaxis]
split = 900
train_x, train_y = data[:split], labels[:split]
test_x, test_y = data[split:], labels[split:]

model = models.Sequential(
    [
        layers.Input(shape=(SIZE, SIZE, 1)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(len(names), activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train_x, train_y, epochs=12, validation_data=(test_x, test_y), verbose=2)
print("val acc", history.history["val_accuracy"][-1])
print(model.evaluate(test_x, test_y, verbose=0))
