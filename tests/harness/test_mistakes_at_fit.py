"""Output layers, losses and labels that don't go together are named before the first step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.harness.conftest import Bench

SCRIPT = """
    import numpy as np
    import keras

    x = np.random.RandomState(0).randn(60, 4).astype("float32")
    ten = np.arange(60) % 10
    rows = np.eye(10)[ten]

    def fit(name, units, function, loss, y):
        print("case", name)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation=function)])
        model.compile("adam", loss, metrics=["accuracy"], run_eagerly=True)
        try:
            model.fit(x, y, epochs=1, verbose=0)
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
        told = [line for line in cases[name].splitlines() if line.startswith("trainyard: The last layer")]
        assert len(told) == bool(sentence), (name, cases[name])
        assert all(sentence in line for line in told), (name, told)
