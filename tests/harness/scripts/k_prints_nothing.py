import numpy as np
from tensorflow import keras

rng = np.random.RandomState(0)
x = rng.randn(400, 8)
y = (x[:, 0] + x[:, 1] > 0).astype(int)

model = keras.Sequential(
    [
        keras.layers.Input((8,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=12, verbose=0)
model.save("model.h5")
