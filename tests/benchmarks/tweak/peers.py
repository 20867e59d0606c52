"""What else a user could take: one search over a declared space, in a process of its own.

python peers.py SCRIPT METHOD SEED TARGET    (prints one JSON object)
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import keras_tuner
import optuna
from task import Task, task_of

from trainyard_harness.frameworks.keras_model import describe

L = keras.layers
TRIALS = 20
EPOCHS = 27
"""A power of Hyperband's factor of 3."""
PATIENCE = 5
Choose = Callable[[str, list[Any]], Any]
TEMPLATE = {
    "normalise": True, "blocks": 2, "filters": 32, "head": "flatten", "layers": 2, "units": 128,
    "dropout": 0.25, "embedding": 32, "cell": "LSTM", "both ways": False, "rate": 1e-3,
}  # fmt: skip


def build(task: Task, choose: Choose) -> keras.Model:
    """One model of the space that a tutorial would declare for this kind of data."""
    x = given = keras.Input(task.x.shape[1:])
    if task.kind == "images":
        x = L.Reshape((*task.x.shape[1:], 1))(x) if len(task.x.shape) == 3 else x
        filters = choose("filters", [8, 16, 32, 64])
        for block in range(choose("blocks", [1, 2, 3])):
            x = L.Conv2D(filters * 2**block, 3, padding="same", activation="relu")(x)
            x = L.MaxPooling2D(padding="same")(x)
        x = (L.Flatten if choose("head", ["flatten", "pool"]) == "flatten" else L.GlobalAveragePooling2D)()(x)
    elif task.kind == "vectors":
        x = L.BatchNormalization()(x) if choose("normalise", [False, True]) else x
    else:
        if task.kind == "words":
            x = L.Embedding(task.words, choose("embedding", [8, 16, 32, 64]))(x)
        cell = choose("cell", ["LSTM", "GRU", "pool"] if task.kind == "words" else ["LSTM", "GRU"])
        if cell == "pool":
            x = L.GlobalAveragePooling1D()(x)
        else:
            layer = getattr(L, cell)(choose("cells", [8, 16, 32, 64]))
            x = L.Bidirectional(layer)(x) if choose("both ways", [False, True]) else layer(x)
    for _ in range(choose("layers", [1, 2, 3] if task.kind == "vectors" else [0, 1])):
        x = L.Dense(choose("units", [16, 32, 64, 128, 256]), activation="relu")(x)
        x = L.Dropout(choose("dropout", [0.0, 0.25, 0.5]))(x)
    model = keras.Model(given, L.Dense(task.head["units"], activation=task.head["activation"])(x))
    rate = choose("rate", [1e-4, 3e-4, 1e-3, 3e-3, 1e-2])
    model.compile(keras.optimizers.Adam(rate), loss=task.loss, metrics=["accuracy"])
    return model


class Meter(keras.callbacks.Callback):
    """Counts trainings, epochs and multiplications over all models of a search."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.samples, self.trainings, self.macs = samples, 0, 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        self.trainings += 1
        self.each = describe(self.model)["macs"]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.macs += 3 * self.each * self.samples

    def __deepcopy__(self, _: Any) -> Meter:  # KerasTuner copies its callbacks for each model
        return self


class Reached(Exception):
    """The selection part is at the target: whoever stops there is done."""


class Search:
    """One script, one seed: the four ways to find a model. Each returns the model it would hand over."""

    def __init__(self, task: Task, seed: int, target: float) -> None:
        self.task, self.seed, self.target = task, seed, target
        self.meter = Meter(len(task.x))

    def fit(self, model: keras.Model, epochs: int = EPOCHS, *more: Any) -> float:
        stop = keras.callbacks.EarlyStopping("val_accuracy", patience=PATIENCE, restore_best_weights=True)
        task = self.task
        run = model.fit(
            task.x, task.y, epochs=epochs, validation_data=task.selection, verbose=0,
            callbacks=[stop, self.meter, *more],
        )  # fmt: skip
        return max(run.history["val_accuracy"])

    def template(self) -> keras.Model:
        def choose(name: str, options: list[Any]) -> Any:
            return TEMPLATE.get(name, options[-1])

        model = build(self.task, choose)
        self.fit(model)
        return model

    def random(self) -> keras.Model:
        return self._tuned(keras_tuner.RandomSearch, max_trials=TRIALS)

    def hyperband(self) -> keras.Model:
        return self._tuned(keras_tuner.Hyperband, max_epochs=EPOCHS, factor=3)

    def _tuned(self, kind: type, **settings: Any) -> keras.Model:
        """RandomSearch stops at the target; Hyperband knows its end beforehand and goes there."""
        task, target = self.task, self.target if kind is keras_tuner.RandomSearch else 2.0
        stop = keras.callbacks.EarlyStopping("val_accuracy", patience=PATIENCE, restore_best_weights=True)

        class Tuner(kind):  # type: ignore[misc, valid-type]
            def on_trial_end(self, trial: Any) -> None:
                super().on_trial_end(trial)
                if trial.score is not None and trial.score >= target:
                    raise Reached

        with tempfile.TemporaryDirectory() as folder:
            tuner = Tuner(
                lambda hp: build(task, hp.Choice),
                objective="val_accuracy", seed=self.seed, directory=folder, overwrite=True, **settings,
            )  # fmt: skip
            try:
                more = {} if kind is keras_tuner.Hyperband else {"epochs": EPOCHS}
                tuner.search(
                    task.x,
                    task.y,
                    validation_data=task.selection,
                    verbose=0,
                    callbacks=[stop, self.meter],
                    **more,
                )
            except Reached:
                pass
            return tuner.get_best_models(1)[0]

    def tpe(self) -> keras.Model:
        best: list[Any] = [-1.0, None]

        class Report(keras.callbacks.Callback):
            def __init__(self, trial: optuna.Trial) -> None:
                super().__init__()
                self.trial, self.pruned = trial, False

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                self.trial.report(logs["val_accuracy"], epoch)
                if self.trial.should_prune():
                    self.pruned = self.model.stop_training = True

        def objective(trial: optuna.Trial) -> float:
            model = build(self.task, trial.suggest_categorical)
            report = Report(trial)
            value = self.fit(model, EPOCHS, report)
            if value > best[0]:
                best[:] = value, model
            if value >= self.target:
                study.stop()
            elif report.pruned:
                raise optuna.TrialPruned
            return value

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=self.seed),
            pruner=optuna.pruners.MedianPruner(),
        )
        study.optimize(objective, n_trials=TRIALS)
        return best[1]


def cpu() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in found)


def main(script: str, method: str, seed: str, target: str) -> None:
    startup = cpu()
    keras.utils.set_random_seed(int(seed))
    sys.stdout = sys.stderr
    search = Search(task_of(Path(script), int(seed)), int(seed), float(target))
    model = getattr(search, method)()
    x, y = search.task.test
    found = {
        "score": float(model.evaluate(x, y, verbose=0)[1]),
        "retrains": search.meter.trainings,
        "cpu": cpu(),
        "startup": startup,
        "macs": search.meter.macs,
    }
    print(json.dumps(found), file=sys.__stdout__)


if __name__ == "__main__":
    main(*sys.argv[1:])
