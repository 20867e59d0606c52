import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
x_train, x_test, y_train, y_test = x[:400], x[400:], y[:400], y[400:]

model = keras.Sequential(
    [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4, activation="softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train, epochs=12, verbose=0)
pred = np.argmax(model.predict(x_test), axis=1)
print("accuracy", np.mean(pred == y_test))
