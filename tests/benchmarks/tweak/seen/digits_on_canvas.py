# homework 3 - handwritten digits on a bigger canvas
import numpy as np
from sklearn.datasets import load_digits
import keras
from keras.models import Sequential
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D, Input

digits = load_digits()
rng = np.random.RandomState(42)
images = np.zeros((len(digits.images), 12, 12))
for i, img in enumerate(digits.images):
    dx, dy = rng.randint(0, 5, 2)
    images[i, dy : dy + 8, dx : dx + 8] = img
images = images + rng.normal(0, 1, images.shape)
X = images.reshape(-1, 12, 12, 1).astype("float32") / 16
Y = keras.utils.to_categorical(digits.target)
X_train, X_test, Y_train, Y_test = X[:1300], X[1300:], Y[:1300], Y[1300:]

model = Sequential()
model.add(Input((12, 12, 1)))
model.add(Conv2D(3, (3, 3), activation="relu"))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, Y_train, epochs=8, batch_size=32, validation_split=0.2)
loss, acc = model.evaluate(X_test, Y_test)
print("Test accuracy:", acc)
