import keras
import numpy as np

rng = np.random.RandomState(0)
x = rng.randn(600, 8).astype("float32")
y = x[:, :4].argmax(axis=1)
first = keras.Sequential(
    [
        keras.layers.Input((8,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(4, activation="softmax"),
    ]
)
with open("model.json", "w") as f:
    f.write(first.to_json())

model = keras.models.model_from_json(open("model.json").read())
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:400], y[:400], epochs=12, verbose=0)
model.save_weights("model.weights.h5")

again = keras.models.model_from_json(open("model.json").read())
again.load_weights("model.weights.h5")
again.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
print(again.evaluate(x[400:], y[400:], verbose=0))
again.summary()
