"""Handwritten digits as in 2018: np_utils, ImageDataGenerator, fit_generator and lr=."""

from keras.layers import Activation, Dense, Flatten
from keras.layers.convolutional import Conv2D
from keras.models import Sequential
from keras.optimizers import Adam
from keras.preprocessing.image import ImageDataGenerator
from keras.utils import np_utils
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
images = digits.images.reshape(-1, 8, 8, 1) / 16.0
labels = np_utils.to_categorical(digits.target, 10)
x_train, x_test, y_train, y_test = train_test_split(images, labels, random_state=0)

model = Sequential()
model.add(Conv2D(16, (3, 3), input_shape=(8, 8, 1)))
model.add(Activation("relu"))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=Adam(lr=0.005), metrics=["accuracy"])

generator = ImageDataGenerator(width_shift_range=0.05)
model.fit_generator(
    generator.flow(x_train, y_train, batch_size=32),
    steps_per_epoch=len(x_train) // 32,
    epochs=5,
    validation_data=(x_test, y_test),
    verbose=2,
)
print("Test accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])
