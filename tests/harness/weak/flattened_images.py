# digits without a channel axis, as mnist tutorials take them
import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

images, labels = load_digits(return_X_y=True)
images = images.reshape(-1, 8, 8) / 16
x_train, x_test, y_train, y_test = train_test_split(images, labels, train_size=1300, random_state=0)

model = keras.models.Sequential()
model.add(keras.layers.Input(shape=(8, 8)))
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(64, activation="relu"))
model.add(keras.layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5, batch_size=32, validation_data=(x_test, y_test), verbose=0)
print("Accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])
