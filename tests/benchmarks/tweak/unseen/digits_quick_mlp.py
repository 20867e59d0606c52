"""first go at the 8x8 digits, plain mlp"""
import os
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, Input

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)

digits = load_digits()
X = digits.images.reshape(len(digits.images), -1) / 16.0
y = digits.target
print("data:", X.shape, y.shape)

X_train, X_test, y_train, y_test = train_test_split(
    X.astype("float32"), y, test_size=0.3, random_state=SEED, stratify=y)

model = Sequential()
model.add(Input(shape=(64,)))
model.add(Dense(128, activation="relu"))
model.add(Dense(64, activation="relu"))
model.add(Dense(10, activation="softmax"))

opt = keras.optimizers.RMSprop(learning_rate=0.1)
model.compile(optimizer=opt, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()

history = model.fit(X_train, y_train, epochs=20, batch_size=32, validation_split=0.1, verbose=2)

loss, acc = model.evaluate(X_test, y_test, verbose=0)
print("test loss: %.4f" % loss)
print("Test accuracy: %.4f" % acc)
