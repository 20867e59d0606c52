import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Flatten, Dropout
from keras.layers.convolutional import Conv2D, MaxPooling2D
from keras.optimizers import Adam
from keras.preprocessing.image import ImageDataGenerator
from keras.utils import np_utils

pixels = np.load("letters_x.npy") / 255.0
marks = np_utils.to_categorical(np.load("letters_y.npy"), 26)

net = Sequential()
net.add(Conv2D(24, (3, 3), activation="relu", input_shape=(20, 20, 1)))
net.add(MaxPooling2D())
net.add(Flatten())
net.add(Dropout(0.3))
net.add(Dense(26, activation="softmax"))
net.compile(loss="categorical_crossentropy", optimizer=Adam(lr=0.002), metrics=["acc"])

stream = ImageDataGenerator(rotation_range=8).flow(pixels, marks, batch_size=64)
net.fit_generator(stream, steps_per_epoch=40, epochs=6)
