"""SIGKILL at twenty moments of one training, and it still ends in the weights of one that was never killed.

Half-way through a checkpoint's bytes, right after it, with a torn file under its final name, and at random in
between, also in the middle of epochs; each attempt goes on where the one before was killed, and trains only
the steps since the last checkpoint again. The scripts themselves count their steps.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness.conftest import Bench, Ended
from tests.harness.interrupted import INTERVAL
from trainyard_harness.frameworks.rounds import SEEDED

DATA = """
import numpy as np
rng = np.random.RandomState(0)
x = rng.randn(900, 12).astype("float32")
y = (x[:, 0] * x[:, 1] + x[:, 2] + 0.5 * rng.randn(900) > 0).astype(int)
x_train, y_train, x_test, y_test = x[:700], y[:700], x[700:], y[700:]
import os
told = os.open(os.environ["TRAINED"], os.O_WRONLY | os.O_APPEND)
trained = lambda *_, **__: os.write(told, b".") and None
"""
# Dropout, shuffling, batch normalisation, a falling rate, early stopping, a random pipeline in a second fit.
KERAS = (
    DATA
    + """
import tensorflow as tf
from tensorflow import keras
model = keras.Sequential([
    keras.layers.Dense(24, activation="relu", input_shape=(12,)), keras.layers.Dropout(0.3),
    keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
callbacks = [
    keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
    keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True),
    keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True),
    keras.callbacks.LambdaCallback(on_train_batch_end=trained),
]
model.fit(x_train, y_train, epochs=9, batch_size=35, validation_split=0.2, callbacks=callbacks, verbose=0)
rows = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(300)
rows = rows.map(lambda a, b: (a + 0.05 * tf.random.normal(tf.shape(a)), b)).batch(35)
history = model.fit(rows, epochs=6, validation_data=(x_test, y_test), callbacks=callbacks[3:], verbose=0)
print("said", np.random.rand(), history.history["loss"], model.evaluate(x_test, y_test, verbose=0))
"""
)
XGBOOST = (
    DATA
    + """
import xgboost
class Counting(xgboost.callback.TrainingCallback):
    after_iteration = trained
model = xgboost.XGBClassifier(
    n_estimators=200, max_depth=3, learning_rate=0.05, subsample=0.7, colsample_bytree=0.6,
    early_stopping_rounds=60, random_state=3, n_jobs=1, callbacks=[Counting()])
model.fit(x_train, y_train, eval_set=[(x_test, y_test)], verbose=False)
print("said", model.best_iteration, model.score(x_test, y_test), model.evals_result())
"""
)
LIGHTGBM = (
    DATA
    + """
import lightgbm as lgb
params = {"objective": "binary", "learning_rate": 0.05, "bagging_fraction": 0.7, "bagging_freq": 1,
          "feature_fraction": 0.6, "seed": 3, "verbose": -1, "num_threads": 1, "num_leaves": 7}
curve = {}
model = lgb.train(params, lgb.Dataset(x_train, y_train), 200, valid_sets=[lgb.Dataset(x_test, y_test)],
                  callbacks=[lgb.early_stopping(80, verbose=False), lgb.record_evaluation(curve), trained])
print("said", model.best_iteration, curve, model.predict(x_test).sum())
"""
)
CATBOOST = (
    DATA
    + """
from catboost import CatBoostClassifier
class Counting:
    def after_iteration(self, info):
        trained()
        return True
model = CatBoostClassifier(iterations=250, depth=4, verbose=False, thread_count=1, random_seed=3)
model.fit(x_train, y_train, eval_set=(x_test, y_test), callbacks=[Counting()])
print("said", model.get_best_score(), model.predict_proba(x_test)[:, 1].sum())
"""
)
LIGHTNING = (
    DATA
    + """
import lightning.pytorch as pl, torch, torchmetrics
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        middle = [nn.ReLU(), nn.Dropout(0.3), nn.BatchNorm1d(24)]
        self.net = nn.Sequential(nn.Linear(12, 24), *middle, nn.Linear(24, 2))
        self.accuracy, self.losses = torchmetrics.Accuracy("multiclass", num_classes=2), []
    def forward(self, x):
        return self.net(x)
    def training_step(self, batch, _):
        loss = nn.functional.cross_entropy(self(batch[0] + 0.01 * torch.randn_like(batch[0])), batch[1])
        self.losses.append(loss.item())
        self.log("train_loss", loss, on_epoch=True, on_step=True)
        trained()
        return loss
    def validation_step(self, batch, _):
        self.accuracy(self(batch[0]), batch[1])
        self.log("val_acc", self.accuracy)
        self.log("val_loss", nn.functional.cross_entropy(self(batch[0]), batch[1]))
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.01)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.7)]
class Counting(pl.Callback):
    seen = 0
    def on_train_batch_end(self, *_):
        self.seen += 1
data = TensorDataset(torch.tensor(x), torch.tensor(y))
loaders = [DataLoader(torch.utils.data.Subset(data, range(700)), 32, shuffle=True),
           DataLoader(torch.utils.data.Subset(data, range(700, 900)), 100)]
count = Counting()
stop = pl.callbacks.EarlyStopping("val_loss", patience=20)
best = pl.callbacks.ModelCheckpoint(monitor="val_acc", mode="max")
options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
model, trainer = Net(), pl.Trainer(max_epochs=16, callbacks=[count, stop, best], **options)
trainer.fit(model, *loaders)
print("said", count.seen, len(model.losses), sum(model.losses), best.best_model_score, torch.rand(1))
print("said", trainer.validate(model, loaders[1], ckpt_path="best", verbose=False))
"""
)


@dataclass(frozen=True)
class Case:
    """A training to kill: its image, script, what is imported beforehand, and the model's file."""

    image: str
    script: str
    preloaded: str
    model: str
    interval: int
    """Steps (or rounds) from one checkpoint to the next."""
    again: str
    """What is trained again at most."""
    lines: int = 1
    """Lines that it says when it is over."""


STEPS = "at most the steps since the last checkpoint (an epoch or 30 s)"
ROUNDS = f"at most one round, {SEEDED} where rows or columns are sampled"
CASES = {
    "keras": Case("keras", KERAS, "keras,tensorflow", "model.keras", INTERVAL, STEPS),
    "keras2": Case("keras2", KERAS, "keras,tensorflow", "model.keras", INTERVAL, STEPS),
    "xgboost": Case("boosting", XGBOOST, "numpy", "model.skops", SEEDED, ROUNDS),
    "lightgbm": Case("boosting", LIGHTGBM, "numpy", "model.lightgbm.txt", SEEDED, ROUNDS),
    "catboost": Case(
        "boosting", CATBOOST, "catboost", "model.skops", 1, "the rounds since its own last snapshot (30 s)"
    ),
    "lightning": Case(
        "pytorch", LIGHTNING, "torch,lightning.pytorch,torchmetrics", "model.pt", INTERVAL, STEPS, lines=2
    ),
}
MOMENTS = 20
WEIGHTS = Path(__file__).with_name("weights.py")


def moments(seed: int, wanted: int) -> list[tuple[str, float]]:
    """As many moments of each kind, in random order."""
    chance = random.Random(seed)
    kinds = ["write", "torn", "written", "step"] * (wanted // 4)
    chance.shuffle(kinds)
    return [(one, chance.uniform(0, 0.3) if one == "step" else chance.choice([2, 3, 4])) for one in kinds]


def run(
    bench: Bench, case: Case, kills: list[tuple[str, float]], name: str
) -> tuple[dict[str, Any], list[Any]]:
    """Trains `case` through `kills`: what must be equal, and the driver's report of each attempt."""
    folder = bench.folder / name
    folder.mkdir()
    trial = Bench(bench.python, folder).trial(job={"entry": "train.py"})
    driver = Path(__file__).with_name("interrupted.py")
    command = [bench.python, str(driver), case.preloaded, json.dumps(kills), str(trial)]
    environment = {**bench.environment(bench.source(case.script), trial), "OMP_NUM_THREADS": "1",
                   "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    attempts = [json.loads(line) for line in done.stdout.splitlines()]
    ended = Ended(attempts[-1]["ended"], (folder / "log.txt").read_text(errors="replace"), trial)
    assert ended.code == 0, ended.out[-3000:]
    ended.clean()
    rows = (
        [{key: one for key, one in row.items() if key != "seconds"} for row in ended.history]
        if (trial / "history.csv").exists()
        else []
    )
    weights = subprocess.run(
        [bench.python, str(WEIGHTS), str(trial / "model" / case.model), case.preloaded],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = [line for line in ended.out.splitlines() if line.startswith("said")]
    numbers = ended.metrics["metrics"]
    return {
        "weights": weights.stdout,
        "numbers": numbers,
        "curves": rows,
        "said": said[-case.lines :],
    }, attempts


def at_most_one_interval_each(attempts: list[Any], whole: int, case: Case) -> None:
    """Each attempt that was killed had trained at most one interval more than what the next goes on from."""
    spent = allowed = 0
    for one in attempts:
        spent += one["trained"]
        if one["ended"] == "killed":
            # CatBoost keeps a single snapshot: where that is torn, all is trained again.
            started_over = case.preloaded == "catboost" and one["moment"][0] == "torn"
            allowed += spent if started_over else case.interval
        else:
            assert whole <= spent <= whole + allowed, attempts
            spent = allowed = 0


@pytest.mark.parametrize("name", CASES)
def test_killed_at_twenty_moments_ends_in_the_very_same_weights(
    interpreter: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    bench = Bench(interpreter(case.image), tmp_path)
    whole, uninterrupted = run(bench, case, [], "whole")
    found, attempts = run(bench, case, moments(7, MOMENTS), "killed")
    for part, value in found.items():
        assert value == whole[part], part
    at_most_one_interval_each(attempts, uninterrupted[0]["trained"], case)
    assert sum(one["ended"] == "killed" for one in attempts) >= MOMENTS * 3 // 4, attempts
