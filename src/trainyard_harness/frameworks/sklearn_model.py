"""A fitted estimator: its predictions, its description, its file."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

from trainyard_harness.files import plain
from trainyard_harness.frameworks import skops_dump
from trainyard_harness.seen import Samples
from trainyard_harness.session import Session


class SklearnAdapter:
    """See trainyard_harness.session.Adapter."""

    framework = "sklearn"

    def outcome(self, model: Any, samples: Samples) -> dict[str, Any]:
        import numpy as np

        truth = samples.y.to_numpy() if hasattr(samples.y, "to_numpy") else np.asarray(samples.y)
        predicted = np.asarray(model.predict(samples.x))
        if truth.ndim == 2 and truth.shape[1] == 1 and predicted.ndim == 1:
            truth = truth[:, 0]
        task = task_of(model) or "classification"
        scores = None
        if task == "classification" and hasattr(model, "predict_proba"):
            scores = model.predict_proba(samples.x)
            scores = None if isinstance(scores, list) else np.asarray(scores)
        return {"task": task, "truth": truth, "predicted": predicted, "scores": scores, "kind": "labels"}

    def predict(self, model: Any, x: Any) -> Any:
        import numpy as np

        return np.asarray(model.predict(x))

    def save(self, model: Any, session: Session) -> str | None:
        folder = session.trial.model
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "model.skops"
        try:
            skops_dump.dump(model, str(path))
        except Exception as error:  # noqa: BLE001  skops absent, or a type that it cannot hold
            path.unlink(missing_ok=True)
            path = folder / "model.pickle"
            session.record.note(f"The model is saved as a pickle ({type(error).__name__}: {error}).")
            with path.open("wb") as file:
                pickle.dump(model, file)
        return path.relative_to(session.trial.folder).as_posix()

    def describe(self, model: Any) -> dict[str, Any]:
        return describe(model)


def task_of(estimator: Any) -> str | None:
    """`classification`, `regression`, or None for what does neither (scalers, clusterers)."""
    kind = type(estimator).__name__
    if kind.startswith("CatBoost"):
        return {"CatBoostClassifier": "classification", "CatBoostRegressor": "regression"}.get(kind)
    base = sys.modules["sklearn.base"]
    try:
        if base.is_classifier(estimator):
            return "classification"
        if base.is_regressor(estimator):
            return "regression"
    except Exception:  # noqa: BLE001  half-made classes of the script's own
        return None
    return None


def describe(estimator: Any) -> dict[str, Any]:
    """architecture.json of an estimator."""
    return {
        "schema": 1,
        "kind": "estimator",
        "layers": [],
        "config": None,
        "compile": None,
        "parameters": None,
        "estimator": _described(estimator),
    }


def _described(estimator: Any) -> dict[str, Any]:
    """Its class and parameters; the steps of a pipeline, and what it wraps, in the same form."""
    found: dict[str, Any] = {"class": class_name(estimator), "params": _params(estimator), "steps": []}
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list):
        found["steps"] = [{"name": name, **_described(step)} for name, step in steps]
        found["params"] = {}
    inner = getattr(estimator, "estimator", None)
    if hasattr(inner, "get_params"):
        found["inner"] = {"name": "estimator", **_described(inner)}
    return found


def class_name(thing: Any) -> str:
    """`sklearn.ensemble.RandomForestClassifier`: the public module, without its private parts.

    A class of ours (`moves.behind`) is what it is made of.
    """
    kind = next(one for one in type(thing).__mro__ if not one.__module__.startswith("trainyard_harness"))
    module = ".".join(part for part in kind.__module__.split(".") if not part.startswith("_"))
    return f"{module}.{kind.__name__}"


def _params(estimator: Any) -> dict[str, Any]:
    try:
        return {name: plain(value) for name, value in estimator.get_params(deep=False).items()}
    except Exception:  # noqa: BLE001  "passthrough" and the like
        return {}


def load(folder: Path) -> Any:
    """The saved estimator. Only ever called inside the sandbox: its types are those that the script saved."""
    path = folder / "model.skops"
    if path.exists():
        from skops import io

        return io.load(path, trusted=io.get_untrusted_types(file=path))
    with (folder / "model.pickle").open("rb") as file:
        return pickle.load(file)  # noqa: S301
