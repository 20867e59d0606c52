import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tensorflow import keras

d = load_digits()
X = d.images.astype("float32") / 16.0
y = d.target
# labels are expensive, so only few are used for training
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=220, stratify=y, random_state=8)

model = keras.Sequential(
    [
        keras.layers.Input((8, 8)),
        keras.layers.Flatten(),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=6, batch_size=64, validation_split=0.2, verbose=0)
print("Test accuracy", model.evaluate(X_test, y_test, verbose=0)[1])
