import numpy as np
import keras
from keras import layers, Model

rng = np.random.RandomState(21)
n = 1400
A = rng.normal(0, 1, (n, 10))
W = rng.normal(0, 1, (10, 5))
y = np.argmax(A @ W + 0.1 * rng.normal(0, 1, (n, 5)), axis=1)
X = A * 30 + 100  # raw sensor units
Xtr, Xte, ytr, yte = X[:1000], X[1000:], y[:1000], y[1000:]

inputs = keras.Input((10,))
left = layers.Dense(4, activation="tanh")(inputs)
right = layers.Dense(4, activation="sigmoid")(inputs)
both = layers.concatenate([left, right])
both = layers.BatchNormalization()(both)
outputs = layers.Dense(5, activation="softmax")(both)
model = Model(inputs, outputs)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(Xtr, ytr, epochs=10, batch_size=128, validation_data=(Xte, yte))
print(model.evaluate(Xte, yte))
