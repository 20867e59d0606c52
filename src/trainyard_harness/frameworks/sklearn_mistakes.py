"""Looks at an estimator and the labels that it is given, before it is fitted."""

from __future__ import annotations

from typing import Any

from trainyard_harness.frameworks.sklearn_model import task_of
from trainyard_harness.holdout import classes_of
from trainyard_harness.mistakes import Mistake

_OF_CLASSES = {
    "accuracy_score",
    "balanced_accuracy_score",
    "classification_report",
    "confusion_matrix",
    "f1_score",
}
"""What scripts measure classes with."""
_COUNTERPARTS = {"SVC": "SVR", "LinearSVC": "LinearSVR", "LogisticRegression": "LinearRegression"}
_FEWEST = 10
"""Rows from which on the labels show what they are."""


def mistakes(estimator: Any, x: Any, y: Any, names: set[str]) -> list[Mistake]:
    """What does not go together.

    Args:
        x, y: what `fit` gets.
        names: every name that the script uses.
    """
    import numpy as np

    if _is_one_row(x) and not hasattr(estimator, "steps"):
        return [
            Mistake(
                f"{_name(estimator)} takes rows of features, but gets one row: use X.reshape(-1, 1).", True
            )
        ]
    labels = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if labels.ndim not in (1, 2) or len(labels) < _FEWEST:
        return []
    if task_of(estimator) == "classification":
        return _of_classifier(estimator, labels)
    return _of_regressor(estimator, labels, bool(names & _OF_CLASSES))


def _of_classifier(estimator: Any, labels: Any) -> list[Mistake]:
    import numpy as np

    said, width = _name(estimator), labels.shape[1] if labels.ndim == 2 else 1
    if width > 1:
        if classes_of(labels) is None or _takes_rows(estimator):
            return []
        text = (
            f"{said} takes one label each, but the labels are rows of {width} numbers: use y.argmax(axis=1)."
        )
        return [Mistake(text, True)]
    if labels.dtype.kind not in "iuf" or classes_of(labels) is not None:
        return []
    distinct = len(np.unique(labels))
    text = (
        f"{said} tells classes apart, but the labels are {distinct} different numbers in {len(labels)} rows"
    )
    return [Mistake(f"{text}: use {_other(said, 'Classifier', 'Regressor')}.", True)]


def _of_regressor(estimator: Any, labels: Any, measures_classes: bool) -> list[Mistake]:
    said = _name(estimator)
    instead = _other(said, "Regressor", "Classifier")
    if labels.dtype.kind in "US" or (labels.dtype.kind == "O" and isinstance(labels.flat[0], str)):
        return [Mistake(f"{said} learns numbers, but the labels are text: use {instead}.", True)]
    classes = classes_of(labels) if labels.dtype.kind in "iub" else None
    if classes is None or not measures_classes:
        return []
    text = f"{said} learns numbers, but the script measures the labels as {len(set(classes))} classes"
    return [Mistake(f"{text}: use {instead}.", False)]


def _is_one_row(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return getattr(x, "ndim", None) == 1 and getattr(dtype, "kind", "") in "iuf"


def _last(estimator: Any) -> Any:
    """What answers, of a pipeline or a search."""
    estimator = getattr(estimator, "estimator", estimator) if hasattr(estimator, "cv") else estimator
    steps = getattr(estimator, "steps", None)
    return _last(steps[-1][1]) if steps else estimator


def _takes_rows(estimator: Any) -> bool:
    """Whether it takes several labels per row; what can't be told does."""
    tags = getattr(_last(estimator), "_get_tags", None)
    return bool(tags()["multioutput"]) if tags is not None else True


def _name(estimator: Any) -> str:
    return type(_last(estimator)).__name__


def _other(name: str, kind: str, instead: str) -> str:
    """Its counterpart for the other task."""
    names = _COUNTERPARTS if kind == "Classifier" else {value: key for key, value in _COUNTERPARTS.items()}
    if name in names:
        return names[name]
    return name.replace(kind, instead) if kind in name else f"a {instead.lower()}"
