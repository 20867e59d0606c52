import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

d = load_digits()
X, y = d.images[..., None] / 16.0, keras.utils.to_categorical(d.target)
xt, xe, yt, ye = train_test_split(X, y, test_size=0.25, random_state=1)
i = keras.Input((8, 8, 1))
h = layers.Conv2D(6, 3, activation="relu", padding="same")(i)
h = layers.MaxPooling2D()(h)
h = layers.Conv2D(8, 3, activation="relu", padding="same")(h)
h = layers.GlobalAveragePooling2D()(h)
o = layers.Dense(10, activation="softmax")(h)
m = keras.Model(i, o)
m.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
m.fit(xt, yt, epochs=10, validation_data=(xe, ye), verbose=0)
print(m.evaluate(xe, ye, verbose=0))
