"""What a weak script trains on, taken out of it without training: for the peers, who get the same rows."""

from __future__ import annotations

import collections
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import sklearn.metrics

from trainyard_harness.holdout import halves


@dataclass
class Task:
    """Rows to train on, to choose by and to report on; of the model what is no matter of taste."""

    x: Any
    y: Any
    selection: tuple[Any, Any]
    test: tuple[Any, Any]
    """The script's own test set, whole."""
    loss: Any
    head: dict[str, Any]
    """Configuration of the output layer."""
    words: int | None
    """Size of the vocabulary where the inputs are words."""

    @property
    def kind(self) -> str:
        """`words`, `images`, `sequences` or `vectors`."""
        shape = self.x.shape[1:]
        if self.words:
            return "words"
        if len(shape) in (2, 3) and min(shape[:2]) >= 8:
            return "images"
        return "sequences" if len(shape) == 2 else "vectors"


def task_of(script: Path, seed: int) -> Task:
    """Runs the script with a `fit` that only looks."""
    seen: dict[str, Any] = {}

    def fit(model: Any, x: Any, y: Any, **more: Any) -> Any:
        seen.update(model=model, x=np.asarray(x), y=np.asarray(y), **more)
        return SimpleNamespace(history=collections.defaultdict(lambda: [0.0]))

    def evaluate(model: Any, x: Any, y: Any, **_: Any) -> list[float]:
        seen.update(test_x=np.asarray(x), test_y=np.asarray(y))
        return [0.0, 0.0]

    def predict(model: Any, x: Any, **_: Any) -> Any:
        seen.update(test_x=np.asarray(x))
        return np.zeros((len(x), model.output_shape[-1]))

    def accuracy_score(truth: Any, _: Any) -> float:
        seen.update(test_y=np.asarray(truth))
        return 0.0

    own = keras.Model.fit, keras.Model.evaluate, keras.Model.predict, sklearn.metrics.accuracy_score
    argv, sys.argv = sys.argv, [str(script)]
    try:
        keras.Model.fit, keras.Model.evaluate, keras.Model.predict = fit, evaluate, predict
        sklearn.metrics.accuracy_score = accuracy_score
        runpy.run_path(str(script), run_name="__main__")
    finally:
        keras.Model.fit, keras.Model.evaluate, keras.Model.predict, sklearn.metrics.accuracy_score = own
        sys.argv = argv
    return _divided(seen, seed)


def _divided(seen: dict[str, Any], seed: int) -> Task:
    """The same parts as under the harness: the script's validation rows, else half of its test set."""
    model, x, y = seen["model"], seen["x"], seen["y"]
    test = seen["test_x"], seen["test_y"]
    share, given = seen.get("validation_split"), seen.get("validation_data")
    if share:
        first = int(len(x) * (1 - share))
        selection, x, y = (x[first:], y[first:]), x[:first], y[:first]
    elif given is not None and not np.array_equal(given[0], test[0]):
        selection = given
    else:
        rows = halves(len(test[0]), seed, test[1])[0]
        selection = test[0][rows], test[1][rows]
    words = next(
        (layer.input_dim for layer in model.layers if isinstance(layer, keras.layers.Embedding)), None
    )
    head = model.layers[-1].get_config()
    if model.loss != "categorical_crossentropy":
        return Task(x, y, selection, test, model.loss, head, words)
    selection, test = ((rows, _numbered(labels)) for rows, labels in (selection, test))
    return Task(x, _numbered(y), selection, test, "sparse_categorical_crossentropy", head, words)


def _numbered(labels: Any) -> Any:
    """Rows of one class each as its number; scripts often train on the one and measure by the other."""
    return labels.argmax(axis=1) if labels.ndim == 2 else labels
