"""Looks at a Keras model and the labels that it is given, before the first step."""

from __future__ import annotations

from typing import Any

from trainyard_harness.holdout import classes_of
from trainyard_harness.mistakes import Head, Labels, Mistake, of_network


def mistakes(model: Any, y: Any, loss: str, metrics: list[str]) -> list[Mistake]:
    """What does not go together; nothing where the model has several outputs or ends in no dense layer.

    Args:
        y: the labels that `fit` gets; None where they come with the inputs.
        loss: the loss's name in snake case.
        metrics: the names of the metrics.
    """
    head = _head(model, loss, any("acc" in name for name in metrics))
    return of_network(head, _labels(y)) if head is not None else []


def _head(model: Any, loss: str, accuracy: bool) -> Head | None:
    layers = list(getattr(model, "layers", None) or [])
    outputs = getattr(model, "outputs", None) or [None]
    if not layers or len(outputs) > 1 or not loss or " " in loss:
        return None
    function = ""
    if type(layers[-1]).__name__ in ("Activation", "Softmax") and len(layers) > 1:
        function = _name(getattr(layers[-1], "activation", None)) or "softmax"
        layers.pop()
    last = layers[-1]
    if type(last).__name__ != "Dense" or not _ends(model, last, layers):
        return None
    given = getattr(model, "loss", None)
    logits = getattr(given, "from_logits", None)
    if logits is None:
        logits = getattr(given, "_fn_kwargs", {}).get(
            "from_logits", False if isinstance(given, str) else None
        )
    return Head(int(last.units), function or _name(last.activation), loss, logits, accuracy)


def _ends(model: Any, last: Any, layers: list[Any]) -> bool:
    """Whether the layer that stands last is the one that answers, and answers once per sample."""
    shape = getattr(model, "output_shape", None) if model.built else None
    return shape is None or (isinstance(shape, tuple) and len(shape) == 2 and shape[-1] == last.units)


def _labels(y: Any) -> Labels | None:
    import numpy as np

    if y is None or isinstance(y, list | tuple | dict):
        return None
    labels = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if labels.ndim not in (1, 2) or not len(labels):
        return None
    width = 1 if labels.ndim == 1 else int(labels.shape[1])
    known = classes_of(labels)
    plain = labels.dtype.kind in "biuf" and bool(np.isfinite(labels.astype("float64")).all())
    low, high = (float(labels.min()), float(labels.max())) if plain else (None, None)
    continuous = (
        plain and known is None and labels.dtype.kind == "f" and bool((labels != np.round(labels)).any())
    )
    classes = len(np.unique(known)) if known is not None else None
    if width > 1 and known is not None:
        classes = width
    return Labels(classes, width, low, high, continuous)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "") or "").lower()
