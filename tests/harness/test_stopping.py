"""A retrain that may train for long ends when it has got somewhere, whatever the script keeps apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.conftest import Bench

SCRIPT = """
import keras, numpy as np
from sklearn.model_selection import train_test_split
x = np.random.RandomState(0).randn(900, 8).astype("float32")
y = x[:, :4].argmax(1)
layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
{}
"""
SLICED = "model.fit(x[:700], y[:700], epochs=2, verbose=0)\nmodel.evaluate(x[700:], y[700:])\n"
WEIGHTED = SLICED.replace("epochs=2", "epochs=2, sample_weight=np.ones(700)")
SPLIT = """
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
model.fit(x_train, y_train, epochs=2, verbose=0)
model.evaluate(x_test, y_test)
"""
FEW = "model.fit(x[:150], y[:150], epochs=2, verbose=0)\nmodel.evaluate(x[700:], y[700:])\n"
KEPT_BACK = "70 of 700 training rows were kept back"


def spec() -> dict[str, Any]:
    moves = [
        {"kind": "learning_rate", "args": {"learning_rate": 0.02}, "reason": ""},
        {"kind": "epochs", "args": {"epochs": 90}, "reason": ""},
        {"kind": "stop", "args": {"patience": 6, "enough": 0.9}, "reason": ""},
    ]
    return {"trial": 1, "parent": None, "moves": moves}


@pytest.mark.parametrize(
    ("rest", "rows"), [(SLICED, 70), (WEIGHTED, 70), (SPLIT, 0)], ids=["sliced", "weighted", "split"]
)
def test_a_retrain_without_validation_data_stops_by_rows_that_tell(
    keras: Bench, rest: str, rows: int
) -> None:
    ended = keras.train(SCRIPT.format(rest), keras.trial(spec=spec()))
    ended.clean()
    assert 2 < ended.metrics["epochs_done"] < 60
    assert (KEPT_BACK in ended.notes) == bool(rows)
    assert ended.gate() == ("test", "evaluate")
    assert ended.number("accuracy")["value"] > 0.85
    assert ended.architecture["training"]["validation"] is False
    assert ended.metrics["data"]["n_train"] == (700 if rows else 675) - rows


def test_of_few_rows_none_is_missed(keras: Bench) -> None:
    ended = keras.train(SCRIPT.format(FEW), keras.trial(spec=spec()))
    assert ended.metrics["data"]["n_train"] == 150
    assert ended.metrics["epochs_done"] == 90


def test_the_code_as_pushed_trains_on_all_its_rows(keras: Bench) -> None:
    ended = keras.train(SCRIPT.format(SLICED))
    assert KEPT_BACK not in ended.notes
    assert ended.metrics["data"]["n_train"] == 700


def test_rows_that_inherited_weights_know_tell_nothing(keras: Bench) -> None:
    pushed = keras.trial("000")
    keras.train(keras.source(SCRIPT.format(SLICED)), pushed)
    ended = keras.train(
        keras.source(SCRIPT.format(SLICED)), keras.trial("001", spec={**spec(), "parent": 0}), pushed
    )
    assert KEPT_BACK not in ended.notes
    assert ended.metrics["inherited"] and ended.metrics["epochs_done"] == 90
    again = keras.trial("002", spec=spec())
    keras.train(keras.source(SCRIPT.format(SLICED)), again)
    heir = keras.trial("003", spec={**spec(), "trial": 3, "parent": 2})
    assert KEPT_BACK in keras.train(keras.source(SCRIPT.format(SLICED)), heir, again).notes


def test_a_schedule_of_the_scripts_own_does_not_undo_the_rate(keras: Bench) -> None:
    scheduled = SLICED.replace(
        "epochs=2", "epochs=2, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 1e-9)]"
    )
    ended = keras.train(SCRIPT.format(scheduled), keras.trial(spec=spec()))
    assert "LearningRateScheduler was left out" in ended.notes
    assert ended.number("accuracy")["value"] > 0.85
    pushed = keras.train(SCRIPT.format(scheduled), keras.trial("pushed"))
    assert "left out" not in pushed.notes
