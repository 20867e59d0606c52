"""Which rows are held out, and which of those choose between trials or report: seeded and stratified."""

from __future__ import annotations

from typing import Any


def classes_of(y: Any) -> Any:
    """One label per sample where `y` holds labels (integers, text, booleans, one-hot rows), else None."""
    import numpy as np

    try:
        labels = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    except (TypeError, ValueError):
        return None
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "biuf" and labels.shape[1] > 1:
        ones = (labels == 1).sum(axis=1) == 1
        zeros = (labels == 0).sum(axis=1) == labels.shape[1] - 1
        return labels.argmax(axis=1) if len(labels) and bool((ones & zeros).all()) else None
    if labels.ndim != 1 or not len(labels):
        return None
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all() or (labels != np.round(labels)).any():
            return None
        labels = labels.astype("int64")
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    distinct = np.unique(labels)
    few = len(distinct) <= max(2, min(1000, len(labels) // 3))
    return np.searchsorted(distinct, labels) if few else None


def split(n: int, share: float, seed: int, y: Any = None, ordered: bool = False) -> tuple[Any, Any, bool]:
    """Indices of the kept and of the held-out rows, both sorted, and whether classes were kept in proportion.

    Args:
        n: number of rows, at least 2.
        share: part held out, between 0 and 1.
        seed: same seed, same rows.
        y: labels to stratify by, where they are labels.
        ordered: rows are in the order of time: the last ones are held out, nothing is shuffled.
    """
    import numpy as np

    wanted = min(n - 1, max(1, round(n * share)))
    if ordered:
        return np.arange(n - wanted), np.arange(n - wanted, n), False
    random = np.random.Generator(np.random.PCG64(seed))
    labels = classes_of(y) if y is not None else None
    if labels is None or len(labels) != n:
        order = random.permutation(n)
        return np.sort(order[wanted:]), np.sort(order[:wanted]), False
    # Rows sorted by class, shuffled inside each: taking evenly spaced ones keeps every class in proportion.
    order = random.permutation(n)
    order = order[np.argsort(labels[order], kind="stable")]
    places = np.floor((np.arange(wanted) + random.random()) * n / wanted).astype("int64")
    held = np.zeros(n, dtype=bool)
    held[order[places]] = True
    return np.flatnonzero(~held), np.flatnonzero(held), True


def halves(n: int, seed: int, y: Any = None, ordered: bool = False) -> tuple[Any, Any, bool]:
    """Indices of the selection and of the report half of `n` held-out rows; same seed, same rows."""
    import numpy as np

    if n < 2:
        return np.arange(n), np.arange(n), False
    return split(n, 0.5, seed + 1, y, ordered)
