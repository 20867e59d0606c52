import numpy as np
from tensorflow.keras import Sequential
from tensorflow.keras.layers import *

rng = np.random.RandomState(0)
vocab_size, maxlen = 50, 12
x = rng.randint(1, vocab_size, size=(700, maxlen))
y = (x == 7).any(axis=1).astype(int)

embedding_dim = 4
model = Sequential([Embedding(vocab_size, embedding_dim), Bidirectional(LSTM(3)), Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x[:500], y[:500], epochs=2, batch_size=16)
loss, acc = model.evaluate(x[500:], y[500:])
