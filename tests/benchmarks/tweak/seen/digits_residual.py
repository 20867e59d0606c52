import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

d = load_digits()
X, y = d.images[..., None], d.target
xt, xe, yt, ye = train_test_split(X, y, test_size=0.3, random_state=1)
i = keras.Input((8, 8, 1))
a = layers.Conv2D(4, 3, padding="same", activation="relu")(i)
b = layers.Conv2D(4, 3, padding="same", activation="relu")(a)
h = layers.add([a, b])
h = layers.MaxPooling2D(4)(h)
h = layers.Flatten()(h)
o = layers.Dense(10, activation="softmax")(h)
m = keras.Model(i, o)
m.compile(optimizer=keras.optimizers.Adam(3e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=5, verbose=0)
print(m.evaluate(xe, ye, verbose=0))
