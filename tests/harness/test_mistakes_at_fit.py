"""Output layers, losses and labels that don't go together are named before the first step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.conftest import Bench

SCRIPT = """
    import numpy as np
    import keras
    import tensorflow as tf

    x = np.random.RandomState(0).randn(60, 4).astype("float32")
    ten = np.arange(60) % 10
    rows = np.eye(10)[ten]

    several = (x > 0).astype("float32")
    shares = np.abs(x) / np.abs(x).sum(1, keepdims=True)
    images = x.reshape(60, 2, 2, 1)
    masks = (images > 0).astype("float32")

    def batches(y):
        yield x[:30], y[:30]
        yield x[30:], y[30:]

    def fit(name, units, function, loss, y, given=x):
        print("case", name)
        shape = (2, 2, 1) if given is images else (4,)
        model = keras.Sequential([keras.Input(shape), keras.layers.Dense(units, activation=function)])
        model.compile("adam", loss, metrics=["accuracy"], run_eagerly=True)
        try:
            model.fit(given, y, epochs=1, verbose=0)
        except Exception as error:
            print("refused by Keras itself:", type(error).__name__)
        print("end")

    fit("one unit for ten", 1, "sigmoid", "binary_crossentropy", ten)
    fit("numbers for ten", 1, None, "mse", ten)
    fit("too few units", 4, "softmax", "sparse_categorical_crossentropy", ten)
    fit("rows for sparse", 10, "softmax", "sparse_categorical_crossentropy", rows)
    fit("plain for categorical", 10, "softmax", "categorical_crossentropy", ten)
    fit("other rows", 8, "softmax", "categorical_crossentropy", rows)
    fit("counted from one", 10, "softmax", "sparse_categorical_crossentropy", ten + 1)
    fit("one and two", 1, "sigmoid", "binary_crossentropy", 1 + ten % 2)
    fit("continuous", 1, "sigmoid", "binary_crossentropy", x[:, 0])
    fit("no probabilities", 10, None, "sparse_categorical_crossentropy", ten)
    fit("numbers beyond", 1, "sigmoid", "mse", 9 * x[:, 0])
    fit("all with each", 10, "softmax", "mse", ten)
    fit("in a dataset", 10, "softmax", "sparse_categorical_crossentropy", None,
        tf.data.Dataset.from_tensor_slices((x, rows)).batch(30))
    fit("of a generator", 1, "sigmoid", "binary_crossentropy", None, batches(ten))
    fit("a label for each place", 10, "softmax", "sparse_categorical_crossentropy", ten, images)
    fit("another shape", 10, "softmax", "sparse_categorical_crossentropy", ten, x[:, :3])
    fit("several at once", 4, "softmax", "categorical_crossentropy", several)
    fit("none below zero", 1, "relu", "mse", 9 * x[:, 0])
    fit("a mask of bytes", 1, "sigmoid", "binary_crossentropy", masks * 255, images)
    fit("too few for a mask", 2, "softmax", "sparse_categorical_crossentropy", masks[..., 0] * 2, images)
    fit("right for several", 4, "sigmoid", "binary_crossentropy", several)
    fit("right for what it gets", 4, "sigmoid", "binary_crossentropy", np.abs(x) / 9)
    fit("right for shares", 4, "softmax", "categorical_crossentropy", shares)
    fit("right for a few below zero", 1, "relu", "mse", np.abs(x[:, 0]) - 0.01)
    beyond = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
    fit("right but for what is left out", 2, "softmax", beyond, np.where(masks, 255, 1)[..., 0], images)
    fit("right for a mask", 1, "sigmoid", "binary_crossentropy", masks, images)
    fit("right of a generator", 1, "sigmoid", "binary_crossentropy", None, batches(ten % 2))
    fit("right", 10, "softmax", "categorical_crossentropy", rows)
    fit("right for two", 1, "sigmoid", "binary_crossentropy", ten % 2)
    raise SystemExit("that is all")
"""
SAID = {
    "one unit for ten": "10 classes",
    "numbers for ten": "10 classes",
    "too few units": "6 can't be answered",
    "rows for sparse": "Use categorical_crossentropy",
    "plain for categorical": "Use sparse_categorical_crossentropy",
    "other rows": "2 can't be answered",
    "counted from one": "0 to 9",
    "one and two": "0 and 1",
    "continuous": "regression loss",
    "no probabilities": "takes probabilities",
    "numbers beyond": "between 0 and 1",
    "all with each": "all 10 answers",
    "in a dataset": "Use categorical_crossentropy",
    "of a generator": "10 classes",
    "a label for each place": "put Flatten",
    "another shape": "takes samples of shape (4,), but gets (3,)",
    "several at once": "For several at once use sigmoid",
    "none below zero": "nothing below 0",
    "a mask of bytes": "labels are 0 and 255",
    "too few for a mask": "0 to 1",
    "right for several": "",
    "right for what it gets": "",
    "right for shares": "",
    "right for a few below zero": "of which accuracy says nothing",
    "right but for what is left out": "",
    "right for a mask": "",
    "right of a generator": "",
    "right": "",
    "right for two": "",
}


@pytest.mark.parametrize("image", ["keras", "keras2"])
def test_mistakes_are_named_before_the_first_step(image: str, bench: Callable[[str], Bench]) -> None:
    lab = bench(image)
    ended = lab.train(lab.source(SCRIPT), lab.trial(job={"env": {"PYTHONUNBUFFERED": "1"}}))
    assert "that is all" in ended.out, ended.out[-2000:]
    cases = {part.splitlines()[0]: part.split("\nend")[0] for part in ended.out.split("case ")[1:]}
    for name, sentence in SAID.items():
        told = [
            line
            for line in cases[name].splitlines()
            if line.startswith(("trainyard: The last", "trainyard: The net"))
        ]
        assert len(told) == bool(sentence), (name, cases[name])
        assert all(sentence in line for line in told), (name, told)
