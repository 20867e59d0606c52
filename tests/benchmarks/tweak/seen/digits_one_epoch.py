import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

d = load_digits()
X, y = d.images[..., None] / 16.0, d.target
xt, xe, yt, ye = train_test_split(X, y, test_size=0.25, random_state=1)
m = keras.Sequential(
    [
        layers.Input((8, 8, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=1, batch_size=128, validation_split=0.2, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
