"""What the training data looks like, for whoever diagnoses a weak model."""

from __future__ import annotations

from typing import Any

from trainyard_harness.data import count, parts_of
from trainyard_harness.holdout import classes_of

LOOKED_AT = 2_000_000
"""Values of the inputs that are looked at, evenly spread over the rows."""


def data_facts(x: Any, y: Any) -> dict[str, Any] | None:
    """`data` of metrics.json; None where the data is no array."""
    import numpy as np

    n = count(x)
    if not n:
        return None
    first = parts_of(x)[0]
    shape = [int(one) for one in getattr(first, "shape", (n,))[1:]]
    found: dict[str, Any] = {"n_train": n, "shape": shape, "classes": None, "stats": {}}
    if not hasattr(first, "tocsr"):
        array = first.to_numpy() if hasattr(first, "to_numpy") else np.asarray(first)
        if array.dtype.kind in "biuf" and array.size:
            step = max(1, array.size // LOOKED_AT)
            _describe(found["stats"], "x", array[:: min(step, len(array))])
    if y is not None:
        _labels(found, y)
    return found


def _labels(found: dict[str, Any], y: Any) -> None:
    import numpy as np

    labels = classes_of(y)
    if labels is None:
        array = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
        if array.dtype.kind in "biuf" and array.size:
            _describe(found["stats"], "y", array)
        return
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    found["classes"] = len(counts)
    found["stats"]["majority"] = float(counts.max() / counts.sum())
    found["stats"]["minority"] = float(counts.min() / counts.sum())


def _describe(stats: dict[str, float], name: str, array: Any) -> None:
    import numpy as np

    values = np.asarray(array, dtype="float64")
    finite = values[np.isfinite(values)]
    if finite.size < values.size:
        stats[f"{name}_not_finite"] = float(1 - finite.size / values.size)
    if finite.size:
        stats[f"{name}_min"] = float(finite.min())
        stats[f"{name}_max"] = float(finite.max())
        stats[f"{name}_mean"] = float(finite.mean())
        stats[f"{name}_std"] = float(finite.std())
