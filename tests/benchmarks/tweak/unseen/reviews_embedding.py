# sentiment of toy reviews
import numpy as np
import keras
from keras import layers
from sklearn.model_selection import train_test_split

rng = np.random.RandomState(0)
VOCAB, LEN = 300, 25
good, bad = set(range(10, 40)), set(range(40, 70))
X, y = [], []
while len(X) < 2000:
    words = rng.randint(1, VOCAB, LEN)
    k = rng.randint(2, 7)
    words[rng.choice(LEN, k, replace=False)] = rng.randint(10, 70, k)
    s = sum(w in good for w in words) - sum(w in bad for w in words)
    if s == 0:
        continue
    X.append(words)
    y.append(int(s > 0))
X, y = np.array(X), np.array(y)
x_train, x_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=4)

model = keras.Sequential()
model.add(layers.Input((LEN,)))
model.add(layers.Embedding(VOCAB, 2))
model.add(layers.GlobalAveragePooling1D())
model.add(layers.Dense(4, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=64, epochs=2, validation_data=(x_test, y_test))
print("Accuracy: ", model.evaluate(x_test, y_test)[1])
