"""Trial records made by hand, as small as the tweaker's decisions allow."""

from __future__ import annotations

from typing import Any

from trainyard.runs.files import DataFacts, Metric, Metrics, Part, Spec, Split
from trainyard.tweak import TrialRecord


def layer(kind: str, name: str, shape: list[int | None] | None = None, **config: Any) -> dict[str, Any]:
    return {
        "name": name,
        "class_name": kind,
        "config": {"name": name, **config},
        "output_shape": shape,
        "params": 1,
    }


def dense_net(*widths: int, classes: int = 10, activation: str = "relu") -> list[dict[str, Any]]:
    hidden = [
        layer("Dense", f"dense_{place}", [None, width], units=width, activation=activation)
        for place, width in enumerate(widths)
    ]
    return [*hidden, layer("Dense", "out", [None, classes], units=classes, activation="softmax")]


def conv_net(filters: int = 3, size: int = 8) -> list[dict[str, Any]]:
    return [
        layer("Conv2D", "conv", [None, size, size, filters], filters=filters, activation="relu"),
        layer("MaxPooling2D", "pool", [None, size // 2, size // 2, filters]),
        layer("Flatten", "flat", [None, size * size // 4 * filters]),
        layer("Dense", "out", [None, 10], units=10, activation="softmax"),
    ]


def network(
    layers: list[dict[str, Any]],
    *,
    loss: str = "sparse_categorical_crossentropy",
    optimizer: str = "Adam",
    rate: float = 0.001,
    epochs: int = 10,
    **more: Any,
) -> dict[str, Any]:
    return {
        "schema": 1,
        "kind": "sequential",
        "layers": layers,
        "compile": {
            "loss": loss,
            "optimizer": {"class_name": optimizer, "config": {"learning_rate": rate}},
            "metrics": ["accuracy"],
        },
        "training": {"epochs": epochs, "batch_size": 32, "callbacks": []},
        **more,
    }


def estimator(name: str, **params: Any) -> dict[str, Any]:
    found = {"class": f"sklearn.somewhere.{name}", "params": params, "steps": []}
    return {"schema": 1, "kind": "estimator", "layers": [], "estimator": found}


def curves(train: list[float], held: list[float] | None = None, loss: list[float] | None = None) -> list[Any]:
    """Rows of a history.csv, cells as text."""
    losses = loss or [2.5 * (1 - value) + 0.01 for value in train]
    rows = []
    for epoch, value in enumerate(train):
        row = {
            "fit": "0",
            "epoch": str(epoch),
            "accuracy": str(value),
            "loss": str(losses[epoch]),
            "seconds": "0.1",
        }
        if held:
            row["val_accuracy"] = str(held[epoch])
        rows.append(row)
    return rows


def record(
    architecture: dict[str, Any],
    held: float | None,
    rows: list[Any] | None = None,
    *,
    spec: Spec | None = None,
    classes: int | None = 10,
    n: int = 200,
    n_train: int = 1000,
    metric: str = "accuracy",
    shape: list[int | None] | None = None,
    **stats: float,
) -> TrialRecord:
    if classes:
        stats.setdefault("majority", 1 / classes)
        stats.setdefault("minority", 1 / classes)
    selection = None
    if held is not None:
        selection = Metric(
            name=metric, value=held, split=Split.TEST, origin="evaluate", part=Part.SELECTION, n=n
        )
    data = DataFacts(n_train=n_train, shape=shape or [20], classes=classes, stats=stats)
    return TrialRecord(
        spec=spec or Spec(schema=1, trial=0),
        metrics=Metrics(schema=1, state="finished", data=data),
        architecture=architecture,
        curves=rows or [],
        selection=selection,
    )
