import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Input
from keras.utils import to_categorical

rng = np.random.RandomState(0)
x = rng.randn(400, 8)
y = to_categorical(x[:, :3].argmax(axis=1))

model = Sequential()
model.add(Input((8,)))
model.add(Dense(24, activation="relu"))
model.add(Dense(3, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, epochs=15, batch_size=16, verbose=0)
_, accuracy = model.evaluate(x, y, verbose=0)
print("Accuracy: %.2f" % (accuracy * 100))
