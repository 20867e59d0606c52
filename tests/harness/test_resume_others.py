"""Boosting goes on between rounds, PyTorch loops between epochs, and both end in the very same model."""

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


TORCH = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
x = torch.randn(6000, 20)
y = (x[:, :4] + 0.5 * torch.randn(6000, 4)).argmax(dim=1)
train = DataLoader(TensorDataset(x[:4800], y[:4800]), batch_size=32, shuffle=True)
test = DataLoader(TensorDataset(x[4800:], y[4800:]), batch_size=200)
model = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Dropout(0.3), nn.BatchNorm1d(128), nn.Linear(128, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 4, 0.5)
for epoch in range(14):
    model.train()
    for data, target in train:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(data), target).backward()
        optimizer.step()
    scheduler.step()
model.eval()
with torch.no_grad():
    hits = sum((model(data).argmax(1) == target).sum().item() for data, target in test)
total = sum(one.double().sum().item() for one in model.state_dict().values())
print("best", hits, total, torch.rand(1).item())
"""


def test_a_pytorch_loop_resumes_after_sigkill_with_identical_weights(bench: Any) -> None:
    place: Bench = bench("pytorch")
    source = place.source(TORCH)
    began = time.monotonic()
    whole = outcome(place.train(source, place.trial("whole")))
    seconds = time.monotonic() - began
    trial = place.trial("killed")
    for share in (0.6, 0.9):
        place.killed(source, trial, share * seconds)
    ended = place.train(source, trial)
    assert outcome(ended) == whole
    assert ended.metrics["resumed_from_epoch"]
