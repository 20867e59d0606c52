import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

d = load_digits()
X, y = d.images[..., None] / 16.0, d.target
xt, xe, yt, ye = train_test_split(X, y, train_size=200, random_state=1, stratify=y)
m = keras.Sequential(
    [
        layers.Input((8, 8, 1)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=10, validation_split=0.2, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
