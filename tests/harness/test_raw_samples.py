"""A saved model answers to raw samples as the script would have, also one of the script's own classes."""

from __future__ import annotations

import json
from typing import Any

from tests.harness.conftest import Bench, Ended

SCALED = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.svm import SVC

class Lighter(TransformerMixin, BaseEstimator):
    def fit(self, x, y=None):
        self.mean_ = x.mean()
        return self
    def transform(self, x):
        return x - self.mean_

digits = load_digits()
X = digits.data / 16.0
y = LabelEncoder().fit_transform([f"digit {one}" for one in digits.target])
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
lighter, scaler = Lighter(), StandardScaler()
X_train = scaler.fit_transform(lighter.fit_transform(X_train)).astype("float32")
X_test = scaler.transform(lighter.transform(X_test)).astype("float32")
model = SVC(probability=True, random_state=0).fit(X_train, y_train)
print(model.score(X_test, y_test))
np.save("../made.npy", scaler.transform(lighter.transform(X[:5])))
np.save("../raw.npy", digits.data[:5])
"""
GLUED = """
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
X, y = load_iris(return_X_y=True)
X = np.hstack([StandardScaler().fit_transform(X[:, :2]), X[:, 2:]])
model = LogisticRegression(max_iter=500).fit(X[::2], y[::2])
print(model.score(X[1::2], y[1::2]))
"""
TEXTS = """
import numpy as np
import tensorflow as tf
from helpers import Mean
from tensorflow import keras
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer

SIZE = 8

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding, self.mean = keras.layers.Embedding(40, SIZE), Mean()
        self.head = keras.layers.Dense(1, activation="sigmoid")
    def call(self, x):
        return self.head(self.mean(self.embedding(x)))

texts = [f"{'a good and great' if one % 2 else 'a bad, awful'} film {one % 7}" for one in range(300)]
labels = np.arange(300) % 2
tokenizer = Tokenizer(num_words=40, oov_token="?")
tokenizer.fit_on_texts(texts)
x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=6)
model = Net()
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x[:240], labels[:240], epochs=30, verbose=0)
print(model.evaluate(x[240:], labels[240:], verbose=0))
"""
HELPERS = """
import tensorflow as tf

class Mean(tf.keras.layers.Layer):
    def call(self, x):
        return tf.reduce_mean(x, 1)
"""


def signature(ended: Ended) -> dict[str, Any]:
    return json.loads((ended.trial / "model" / "signature.json").read_text())


def test_raw_samples_go_through_the_scripts_transformers_once(sklearn: Bench) -> None:
    ended = sklearn.train(SCALED)
    assert ended.code == 0, ended.out[-3000:]
    ended.clean()
    kinds = [one["name"].split(" (")[0] for one in signature(ended)["preprocessing"]["steps"]]
    assert kinds == ["division by 16.0", "Lighter", "StandardScaler"]
    raw, made = (str(ended.trial / name) for name in ("raw.npy", "made.npy"))
    answer = sklearn.module("predict", raw, trial=ended.trial)
    assert answer["predictions"] == [f"digit {one}" for one in range(5)]
    assert len(answer["preprocessing"]["applied"]) == 3
    prepared = sklearn.module("predict", "--prepared", made, trial=ended.trial)
    assert prepared["predictions"] == answer["predictions"]
    assert prepared["preprocessing"]["applied"] == []


def test_what_cannot_be_followed_is_said_and_not_guessed(sklearn: Bench) -> None:
    found = signature(sklearn.train(GLUED))["preprocessing"]
    assert found["state"] == "unknown"
    assert "StandardScaler (train.py:7)" in found["why"]


def test_a_network_of_the_scripts_own_classes_answers_to_texts(keras: Bench) -> None:
    source = keras.source(TEXTS, **{"helpers.py": HELPERS})
    ended = keras.train(source, keras.trial(job={"entry": "train.py"}))
    assert ended.code == 0, ended.out[-3000:]
    ended.clean()
    (keras.folder / "texts.json").write_text('["A GOOD and great film 3!", "a bad, awful film 5"]')
    answer = keras.module("predict", str(keras.folder / "texts.json"), trial=ended.trial)
    assert answer["predictions"] == [1, 0]
    assert [one.split(" (")[0] for one in answer["preprocessing"]["applied"]] == [
        "Tokenizer",
        "pad_sequences",
    ]
    again = keras.module("reevaluate", trial=ended.trial)
    assert again["all"]["accuracy"] == ended.number("accuracy", "all")["value"]
