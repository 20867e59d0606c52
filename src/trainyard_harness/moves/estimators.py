"""Applies moves to a scikit-learn estimator or one of the boosting libraries with the same interface."""

from __future__ import annotations

from typing import Any


def apply(estimator: Any, moves: list[dict[str, Any]]) -> tuple[Any, list[str]]:
    """The estimator changed by the moves: itself with other parameters, or a pipeline around a copy of it.

    Args:
        estimator: the script's own, not fitted yet.
        moves: all moves of the trial's spec, in order: `set_params` {params}, `scale_inputs` {}.

    Returns:
        (estimator, sentences on what did not fit).
    """
    notes: list[str] = []
    scale = False
    for move in moves:
        if move["kind"] == "set_params":
            notes += _set_params(estimator, move["args"]["params"])
        elif move["kind"] == "scale_inputs":
            scale = True
    if scale:
        estimator = _scaled(estimator)
    return estimator, notes


def _set_params(estimator: Any, params: dict[str, Any]) -> list[str]:
    notes = []
    known = estimator.get_params(deep=True)
    for name, value in params.items():
        # CatBoost names only the parameters that were given; the others are accepted all the same.
        if name not in known and not type(estimator).__module__.startswith("catboost"):
            notes.append(
                f"Move set_params was left out for {name}: {type(estimator).__name__} has no such parameter."
            )
            continue
        try:
            estimator.set_params(**{name: tuple(value) if isinstance(value, list) else value})
        except (TypeError, ValueError) as error:
            notes.append(f"Move set_params was left out for {name}: {error}")
    return notes


def _scaled(estimator: Any) -> Any:
    """A pipeline that standardises the inputs first; in a pipeline, in front of its last step."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if isinstance(estimator, Pipeline):
        steps = list(estimator.steps)
        steps.insert(len(steps) - 1, ("trainyard_scaler", StandardScaler(with_mean=False)))
        estimator.set_params(steps=steps)
        return estimator
    # Sparse inputs can't be centred; dividing by the deviation alone suits them too, and is enough to learn.
    return Pipeline([("trainyard_scaler", StandardScaler(with_mean=False)), ("model", clone(estimator))])
