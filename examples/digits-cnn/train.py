# Recognise handwritten digits (8x8 pixels) with a small convolutional network.
import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
x = digits.images.reshape(-1, 8, 8, 1) / 16.0
y = digits.target

x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=42, stratify=y)
print("train", x_train.shape, "test", x_test.shape)

model = keras.Sequential([
    layers.Input(shape=(8, 8, 1)),
    layers.Conv2D(3, (3, 3), activation="relu"),
    layers.MaxPooling2D((2, 2)),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()

model.fit(x_train, y_train, epochs=8, batch_size=32, validation_split=0.2)

loss, accuracy = model.evaluate(x_test, y_test)
print("Test accuracy: %.3f" % accuracy)
model.save("digits.keras")
