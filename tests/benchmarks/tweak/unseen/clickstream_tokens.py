# clickstream sessions -> did they go search->cart in that order, cart->search, or not at all
import os
import numpy as np
import keras
from keras import layers
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
keras.utils.set_random_seed(SEED)

VOCAB = 30
LEN = 24
SEARCH, CART = 5, 9


def session(label, rng):
    s = rng.integers(10, VOCAB, LEN)
    # both events always occur somewhere
    if label == 0:                      # search straight followed by cart
        p = rng.integers(0, LEN - 1)
        s[p], s[p + 1] = SEARCH, CART
    elif label == 1:                    # cart straight followed by search
        p = rng.integers(0, LEN - 1)
        s[p], s[p + 1] = CART, SEARCH
    else:                               # apart
        p = rng.integers(0, LEN - 6)
        q = rng.integers(p + 3, LEN)
        pair = [SEARCH, CART] if rng.random() < 0.5 else [CART, SEARCH]
        s[p], s[q] = pair
    return s


rng = np.random.default_rng(SEED)
labels = rng.integers(0, 3, 3000)
seqs = np.array([session(l, rng) for l in labels])
X_tr, X_te, y_tr, y_te = train_test_split(seqs, labels, test_size=0.2, random_state=SEED)

model = keras.Sequential([
    keras.Input(shape=(LEN,), dtype="int32"),
    layers.Embedding(VOCAB, 16),
    layers.GlobalAveragePooling1D(),
    layers.Dense(32, activation="relu"),
    layers.Dense(3, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_tr, y_tr, epochs=15, batch_size=32, validation_split=0.1, verbose=2)

print("Evaluating...")
loss, acc = model.evaluate(X_te, y_te, verbose=0)
print("loss", loss, "accuracy", acc)
