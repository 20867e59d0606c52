import numpy as np
from tensorflow.keras.layers import Dense, Flatten
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator

series = np.sin(np.arange(600) / 10.0).reshape(-1, 1)
generator = TimeseriesGenerator(series, series, length=10, batch_size=16)
model = Sequential([Flatten(input_shape=(10, 1)), Dense(12, activation="relu"), Dense(1)])
model.compile("adam", "mse")
model.fit(generator, epochs=8, verbose=0)
