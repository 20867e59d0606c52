import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
x_train, x_test, y_train, y_test = x[:400], x[400:], y[:400], y[400:]


def build():
    model = keras.Sequential()
    model.add(keras.layers.Dense(32, activation="relu"))
    model.add(keras.layers.Dense(4, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    model = build()
    model.fit(x_train, y_train, epochs=12, validation_data=(x_test, y_test), verbose=0)
    loss, acc = model.evaluate(x_test, y_test, verbose=0)
    print("Test accuracy:", acc)


if __name__ == "__main__":
    main()
