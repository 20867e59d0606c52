"""Boosting goes on between rounds, with sampling and early stopping, and ends in the very same model."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from tests.harness.conftest import Bench, Ended

DATA = """
import numpy as np
rng = np.random.RandomState(0)
x = rng.randn(6000, 30)
y = (x[:, 0] * x[:, 1] + x[:, 2] + rng.randn(6000) > 0).astype(int)
x_train, y_train, x_test, y_test = x[:4500], y[:4500], x[4500:], y[4500:]
"""
XGBOOST = (
    DATA
    + """
from xgboost import XGBClassifier
model = XGBClassifier(n_estimators=300, max_depth=5, learning_rate=0.02, subsample=0.7, colsample_bytree=0.6,
                      early_stopping_rounds=40, random_state=3, n_jobs=2)
model.fit(x_train, y_train, eval_set=[(x_test, y_test)], verbose=False)
curve = model.evals_result()["validation_0"]["logloss"]
print("best", model.best_iteration, model.score(x_test, y_test), sum(curve))
"""
)
LIGHTGBM = (
    DATA
    + """
import lightgbm as lgb
params = {"objective": "binary", "learning_rate": 0.02, "bagging_fraction": 0.7, "bagging_freq": 1,
          "feature_fraction": 0.6, "seed": 3, "verbose": -1, "num_threads": 2}
train, valid = lgb.Dataset(x_train, y_train), lgb.Dataset(x_test, y_test)
curve = {}
model = lgb.train(params, train, 500, valid_sets=[valid],
                  callbacks=[lgb.early_stopping(60, verbose=False), lgb.record_evaluation(curve)])
print("best", model.best_iteration, sum(curve["valid_0"]["binary_logloss"]), model.predict(x_test).sum())
"""
)
CATBOOST = (
    DATA
    + """
from catboost import CatBoostClassifier
model = CatBoostClassifier(iterations=400, depth=5, verbose=False, thread_count=2)
model.fit(x_train, y_train)
print("best", model.score(x_test, y_test), model.predict_proba(x_test)[:, 1].sum())
"""
)


def outcome(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.out[-3000:]
    ended.clean()
    rows = (
        [{name: value for name, value in row.items() if name != "seconds"} for row in ended.history]
        if (ended.trial / "history.csv").exists()
        else []
    )
    said = [line for line in ended.out.splitlines() if line.startswith("best ")]
    return {"numbers": ended.metrics["metrics"], "curves": rows, "said": said[-1]}


@pytest.mark.parametrize("script", [XGBOOST, LIGHTGBM, CATBOOST], ids=["xgboost", "lightgbm", "catboost"])
def test_boosting_resumes_after_sigkill_with_identical_metrics(bench: Any, script: str) -> None:
    place: Bench = bench("boosting")
    source = place.source(script)
    began = time.monotonic()
    whole = outcome(place.train(source, place.trial("whole")))
    seconds = time.monotonic() - began
    chance = random.Random(1)
    trial = place.trial("killed")
    for _attempt in range(4):
        place.killed(source, trial, chance.uniform(0.5, 1.0) * seconds)
    ended = place.train(source, trial)
    found = outcome(ended)
    for name, value in found.items():
        assert value == whole[name], name
