import keras
from keras import layers

model = keras.Sequential([keras.Input((6,)), layers.Dense(32, "relu"), layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3), loss="mse", metrics=["mae"])
model.fit(inputs, targets, epochs=20, validation_split=0.1)
model.save("heat.keras")
