"""Scripts that only cross-validate: their estimator is changed by moves as any other, and a model is kept."""

from __future__ import annotations

import pytest

from tests.harness.conftest import Bench

SCRIPT = """
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, cross_validate
x, y = load_breast_cancer(return_X_y=True)
model = LogisticRegression(C=1e-6)
{}
"""
WAYS = {
    "cross_val_score": "print(cross_val_score(model, x, y, cv=5).mean())",
    "by name": "print(cross_val_score(estimator=model, X=x, y=y, cv=5).mean())",
    "cross_validate": "print(cross_validate(model, x, y)['test_score'].mean())",
}
MOVES = [
    {"kind": "scale_inputs", "args": {}, "reason": ""},
    {"kind": "set_params", "args": {"params": {"C": 10.0, "max_iter": 500}}, "reason": ""},
]


@pytest.mark.parametrize("way", WAYS)
def test_the_estimator_is_known_kept_and_changed(sklearn: Bench, way: str) -> None:
    source = sklearn.source(SCRIPT.format(WAYS[way]))
    pushed = sklearn.train(source, sklearn.trial("000"))
    pushed.clean()
    assert pushed.architecture["estimator"]["params"]["C"] == 1e-6
    assert pushed.metrics["data"]["classes"] == 2
    assert (sklearn.folder / "000" / pushed.metrics["model"]).exists()
    assert "only cross-validates" in pushed.notes
    changed = sklearn.train(source, sklearn.trial("001", spec={"trial": 1, "parent": None, "moves": MOVES}))
    changed.clean()
    assert changed.gate() == ("validation", pushed.gate()[1])
    assert changed.number("accuracy")["value"] > max(0.95, pushed.number("accuracy")["value"] + 0.01)


def test_moves_are_made_once_where_the_script_fits_it_as_well(sklearn: Bench) -> None:
    fits = "print(cross_val_score(model, x, y).mean())\nmodel.fit(x[:400], y[:400])\n"
    own = "print(model.score(x[400:], y[400:]), model.C, model.coef_.shape, hasattr(model, 'loss_'))"
    spec = {"trial": 1, "parent": None, "moves": MOVES}
    ended = sklearn.train(SCRIPT.format(fits + own), sklearn.trial(spec=spec))
    ended.clean()
    assert "only cross-validates" not in ended.notes
    assert [step["name"] for step in ended.architecture["estimator"]["steps"]] == [
        "trainyard_scaler", "trainyard_model",
    ]  # fmt: skip
    assert "10.0 (1, 30) False" in ended.out
    assert ended.gate() == ("test", "score")
