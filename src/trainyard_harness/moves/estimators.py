"""Applies moves to a scikit-learn estimator or one of the boosting libraries with the same interface."""

from __future__ import annotations

from typing import Any


def apply(estimator: Any, moves: list[dict[str, Any]]) -> tuple[Any, list[str]]:
    """The estimator changed by the moves: itself with other parameters, or a pipeline around a copy of it.

    Args:
        estimator: the script's own, not fitted yet.
        moves: all moves of the trial's spec, in order: `set_params` {params}, `scale_inputs` {},
            `expand_inputs` {degree}, `decorrelate_inputs` {}.

    Returns:
        (estimator, sentences on what did not fit).
    """
    notes: list[str] = []
    asked: dict[str, Any] = {}
    for move in moves:
        if move["kind"] == "set_params":
            notes += _set_params(estimator, move["args"]["params"])
        else:
            asked[move["kind"]] = move["args"]
    front = _front(asked)
    return (_behind(front, estimator) if front else estimator), notes


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
            given = tuple(value) if isinstance(value, list) else value
            estimator.set_params(**{name: given})
            _look_at(estimator, name, given)
        except (TypeError, ValueError) as error:
            notes.append(f"Move set_params was left out for {name}: {error}")
    return notes


def _look_at(estimator: Any, name: str, value: Any) -> None:
    """What a search of the script's tries counts, not what its estimator is set to."""
    inner = name.removeprefix("estimator__")
    for kind in ("param_grid", "param_distributions"):
        given: Any = getattr(estimator, kind, None)
        spaces: list[Any] = given if isinstance(given, list) else [given]
        if not all(isinstance(one, dict) for one in spaces):
            continue
        # A random search draws too few values to be sure to draw a new one among others.
        more = [
            {
                key: [*(old if kind == "param_grid" else []), value] if key == inner else old
                for key, old in one.items()
            }
            for one in spaces
        ]
        setattr(estimator, kind, more if isinstance(given, list) else more[0])


def _front(asked: dict[str, Any]) -> list[tuple[str, Any]]:
    """Steps that change the inputs: scaled, and with products of features where that is asked."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    # Sparse inputs can't be centred; dividing by the deviation alone suits them too, and is enough to learn.
    front: list[tuple[str, Any]] = []
    if asked:
        front.append(("trainyard_scaler", StandardScaler(with_mean=False)))
    if "expand_inputs" in asked:
        products = PolynomialFeatures(asked["expand_inputs"]["degree"], include_bias=False)
        front += [("trainyard_products", products), ("trainyard_rescaler", StandardScaler(with_mean=False))]
    if "decorrelate_inputs" in asked:
        front.append(("trainyard_components", PCA()))
    return front


def _behind(front: list[tuple[str, Any]], estimator: Any) -> Any:
    """A pipeline with `front` before the estimator; in a pipeline, before its last step."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    from trainyard_harness.moves.behind import Behind

    if not isinstance(estimator, Pipeline):
        return Behind([*front, ("trainyard_model", clone(estimator))])
    estimator.set_params(steps=[*estimator.steps[:-1], *front, estimator.steps[-1]])
    return estimator
