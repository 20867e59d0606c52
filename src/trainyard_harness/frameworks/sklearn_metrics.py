"""What is patched in `sklearn.metrics`: the functions that scripts compute their numbers with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.data import count
from trainyard_harness.imports import AfterImport
from trainyard_harness.seen import Prediction
from trainyard_harness.session import Session

NAMES = {
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "f1_score": "f1",
    "precision_score": "precision",
    "recall_score": "recall",
    "roc_auc_score": "auc",
    "average_precision_score": "average_precision",
    "log_loss": "log_loss",
    "matthews_corrcoef": "mcc",
    "r2_score": "r2",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
    "mean_absolute_percentage_error": "mape",
    "median_absolute_error": "median_error",
    "classification_report": "",
    "confusion_matrix": "",
}
"""Functions and what their number is called; the nameless only tell which truth belongs to a prediction."""


def install(imports: AfterImport) -> None:
    imports.add("sklearn.metrics", patch)


def patch(metrics: ModuleType) -> None:
    for function, name in NAMES.items():
        if hasattr(metrics, function):
            setattr(metrics, function, _wrapped(getattr(metrics, function), name))


def _wrapped(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def metric(*args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(*args, **kwargs)
        with session.inside():
            result = original(*args, **kwargs)
        try:
            truth = args[0] if args else kwargs.get("y_true")
            given = args[1] if len(args) > 1 else kwargs.get("y_pred", kwargs.get("y_score"))
            called = name
            if name == "mse" and kwargs.get("squared") is False:
                called = "rmse"
            if name == "accuracy" and kwargs.get("normalize") is False:
                called = ""
            numbers = {called: float(result)} if called and getattr(result, "ndim", 0) == 0 else {}
            take_in(session, truth, given, numbers, session.place())
        except Exception as error:  # noqa: BLE001
            session.fault(f"sklearn.metrics.{original.__name__}", error)
        return result

    return metric


def take_in(session: Session, truth: Any, given: Any, numbers: dict[str, float], place: str | None) -> None:
    """Records a number computed from a prediction, on the split whose rows were predicted.

    A truth and a prediction in the wrong order (a common slip) are told apart by which one was predicted.
    """
    prediction = find(session, given)
    if prediction is None:
        prediction = find(session, truth)
        truth = given if prediction is not None else truth
    if prediction is None:
        for name, value in numbers.items():
            session.record.add(
                name, value, split="unknown", origin="sklearn.metrics", place=place, n=count(truth)
            )
        return
    session.measured(prediction.fitted, prediction.x, truth, numbers, "sklearn.metrics", place)


def find(session: Session, given: Any) -> Prediction | None:
    """The prediction that `given` was made from: itself, its argmax, its threshold, its rounding."""
    import numpy as np

    n = count(given)
    if n is None:
        return None
    candidates = [one for one in reversed(session.predictions) if one.n == n]
    for one in candidates:
        if one.output is given:
            return one
    values = np.asarray(given)
    for one in candidates:
        if any(_equal(values, form) for form in _forms(one.output)):
            return one
    return None


def _forms(output: Any) -> list[Any]:
    import numpy as np

    array = np.asarray(output)
    forms = [array]
    if array.dtype.kind == "f":
        if array.ndim > 1 and array.shape[-1] > 1:
            forms += [array.argmax(-1), array[:, 1] if array.ndim == 2 else array]
        forms += [array > 0.5, array >= 0.5, np.round(array), array > 0]
    return forms


def _equal(values: Any, form: Any) -> bool:
    import numpy as np

    if values.size != form.size:
        return False
    try:
        return bool(np.array_equal(values.reshape(-1), form.reshape(-1).astype(values.dtype)))
    except (TypeError, ValueError):
        return False
