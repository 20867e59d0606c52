"""A Keras model after training: its predictions on held-out data, its description, its file."""

from __future__ import annotations

from typing import Any

from trainyard_harness.data import count, take
from trainyard_harness.files import plain
from trainyard_harness.frameworks import keras_files
from trainyard_harness.frameworks.keras_places import compiled_at, made_at
from trainyard_harness.holdout import classes_of
from trainyard_harness.moves.traits import macs
from trainyard_harness.numbers import labels_of
from trainyard_harness.seen import Samples
from trainyard_harness.session import Session

BATCH = 128
"""Rows that are predicted at once."""
COLLECTED = 256 * 2**20
"""Bytes of a dataset's samples up to which they are collected for a later re-evaluation."""


class KerasAdapter:
    """See trainyard_harness.session.Adapter."""

    framework = "keras"

    def outcome(self, model: Any, samples: Samples) -> dict[str, Any]:
        import numpy as np

        if count(samples.x) is not None and samples.y is not None:
            scores = predictions(model, samples.x)
            truth = samples.y
        else:
            scores, truth = self._over_batches(model, samples)
        if isinstance(scores, list | dict) or truth is None or isinstance(truth, list | dict):
            raise ValueError("models of several outputs are measured by the script's own numbers alone")
        truth = truth.to_numpy() if hasattr(truth, "to_numpy") else np.asarray(truth)
        if isinstance(model, keras_files.Served):
            known = samples.options["signature"]
            return judged(known["task"], np.asarray(scores), truth, known["kind"] == "logit")
        return judged(task_of(model, truth), np.asarray(scores), truth, _from_logits(model))

    def predict(self, model: Any, x: Any) -> Any:
        return predictions(model, x)

    def _over_batches(self, model: Any, samples: Samples) -> tuple[Any, Any]:
        """Predictions and truths over a dataset, Sequence or generator; samples are collected meanwhile."""
        import numpy as np

        scores, truths, inputs, size = [], [], [], 0
        for x, y in batches(samples.x, samples.options.get("steps")):
            scores.append(np.asarray(model.predict_on_batch(x)))
            truths.append(np.asarray(y))
            if size <= COLLECTED and not isinstance(x, list | tuple | dict):
                inputs.append(np.asarray(x))
                size += inputs[-1].nbytes
        if len(inputs) == len(truths) and size <= COLLECTED:
            samples.options["collected"] = np.concatenate(inputs)
        samples.y = np.concatenate(truths)
        return np.concatenate(scores), samples.y

    def save(self, model: Any, session: Session) -> str | None:
        return keras_files.save(model, session)

    def describe(self, model: Any) -> dict[str, Any]:
        return describe(model)


def predictions(model: Any, x: Any) -> Any:
    """The outputs for `x`, without tracing a predict function where calling the model is as good."""
    import numpy as np

    n = count(x) or 0
    if any(_loops(layer) for layer in model._flatten_layers()) or hasattr(x, "iloc"):
        return model.predict(x, verbose=0)
    found = []
    for first in range(0, n, BATCH):
        batch = take(x, np.arange(first, min(n, first + BATCH)))
        output = model(batch, training=False)
        if isinstance(output, list | tuple | dict):
            raise ValueError("models of several outputs are measured by the script's own numbers alone")
        found.append(np.asarray(output))
    return np.concatenate(found)


def _loops(layer: Any) -> bool:
    """Recurrent layers step through time in Python when they are called eagerly."""
    return (
        hasattr(layer, "cell") or hasattr(layer, "forward_layer") or "TimeDistributed" in type(layer).__name__
    )


def batches(data: Any, steps: int | None = None) -> Any:
    """Yields `(x, y)` batches of a tf.data.Dataset, a Sequence/PyDataset or a generator."""
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        items: Any = (data[place] for place in range(len(data)))
    else:
        items = iter(data)
    for place, item in enumerate(items):
        if steps is not None and place >= steps:
            break
        if not isinstance(item, tuple | list) or len(item) < 2:
            raise ValueError("the data holds no labels")
        yield item[0], item[1]


def task_of(model: Any, truth: Any) -> str:
    """`classification` or `regression`, from the loss, the metrics and the labels."""
    loss = _name(getattr(model, "loss", None))
    if "crossentropy" in loss or "hinge" in loss or "focal" in loss:
        return "classification"
    if any("acc" in name for name in metric_names(model)) and classes_of(truth) is not None:
        return "classification"
    return "regression"


def judged(task: str, scores: Any, truth: Any, from_logits: bool) -> dict[str, Any]:
    """Truth and prediction in the same form, one label (or one row of labels, or numbers) per sample."""
    import numpy as np

    found = {"task": task, "truth": truth, "predicted": scores, "scores": scores, "kind": "labels"}
    if task == "regression":
        return {**found, "scores": None}
    if scores.ndim > 1 and scores.shape[-1] > 1:
        best = scores.argmax(-1)
        if truth.shape != scores.shape:
            labels = truth.reshape(best.shape) if truth.size == best.size else truth
            return {**found, "truth": labels, "predicted": best, "kind": "argmax"}
        if bool((np.asarray(truth).sum(-1) == 1).all()):
            return {**found, "truth": truth.argmax(-1), "predicted": best, "kind": "argmax"}
    if truth.min() < 0:  # labels -1 and 1, as for a hinge loss
        predicted = labels_of(scores, "logit").reshape(truth.shape)
        return {**found, "truth": (truth > 0).astype("int64"), "predicted": predicted, "kind": "logit"}
    kind = "logit" if from_logits else "threshold"
    predicted = labels_of(scores, kind).reshape(truth.shape)
    return {**found, "truth": truth.astype("int64"), "predicted": predicted, "kind": kind}


def _from_logits(model: Any) -> bool:
    loss = getattr(model, "loss", None)
    if getattr(loss, "from_logits", False) or getattr(loss, "_fn_kwargs", {}).get("from_logits"):
        return True
    activation = getattr(model.layers[-1], "activation", None) if getattr(model, "layers", None) else None
    return getattr(activation, "__name__", "") == "linear" and "crossentropy" not in _name(loss)


def _name(thing: Any) -> str:
    if isinstance(thing, dict | list | tuple):
        members = thing.values() if isinstance(thing, dict) else thing
        return " ".join(_name(one) for one in members)
    if thing is None or isinstance(thing, str):
        return str(thing or "").lower()
    found = getattr(thing, "name", None) or getattr(thing, "__name__", None) or type(thing).__name__
    return str(found).lower()


def metric_names(model: Any) -> list[str]:
    """The names of the metrics that the script compiled the model with."""
    holder = getattr(model, "_compile_metrics", None) or getattr(model, "compiled_metrics", None)
    asked = getattr(holder, "_user_metrics", None) or getattr(holder, "_metrics", None) or []
    if isinstance(asked, dict):
        asked = list(asked.values())
    flat: list[Any] = []
    for one in asked if isinstance(asked, list | tuple) else [asked]:
        flat += one if isinstance(one, list | tuple) else [one]
    return [_name(one) for one in flat if one is not None]


def describe(model: Any) -> dict[str, Any]:
    """architecture.json of a Keras model, as far as it is known now."""
    kind = {"Sequential": "sequential", "Functional": "functional", "Model": "functional"}.get(
        type(model).__name__, "subclassed"
    )
    try:
        config = plain(model.get_config())
    except Exception:  # noqa: BLE001  subclassed models need not have one
        config = None
    layers = [_layer(one) for one in model.layers]
    return {
        "schema": 1,
        "kind": kind,
        "layers": layers,
        "config": config,
        "compile": describe_compile(model),
        "parameters": int(model.count_params()) if model.built else None,
        "macs": macs(layers) if model.built else None,
    }


def describe_compile(model: Any) -> dict[str, Any]:
    """`compile` of architecture.json: loss, optimizer, metrics by their names."""
    optimizer = getattr(model, "optimizer", None)
    config = None if optimizer is None else plain(optimizer.get_config())
    return {
        "loss": _name(getattr(model, "loss", None)),
        "optimizer": config and {"class_name": type(optimizer).__name__, "config": config},
        "metrics": metric_names(model),
        "made_at": compiled_at(model),
    }


def _layer(layer: Any) -> dict[str, Any]:
    try:
        config = plain(layer.get_config())
    except Exception:  # noqa: BLE001  custom layers need not have one
        config = None
    try:
        shape = layer.output.shape if hasattr(layer, "output") else None
        shape = [None if one is None else int(one) for one in shape] if shape is not None else None
    except Exception:  # noqa: BLE001  a layer that was never called, or one of several outputs
        shape = None
    return {
        "name": layer.name,
        "class_name": type(layer).__name__,
        "config": config,
        "output_shape": shape,
        "params": int(layer.count_params()) if layer.built else None,
        "made_at": made_at(layer),
    }
