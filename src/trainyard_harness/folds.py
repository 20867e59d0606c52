"""k-fold loops: a model per fold, each measured on rows that others learnt from.

No single one of them is *the* result: the number is that of all folds together, every row measured by the
model that did not learn from it. Its interval counts all rows once; it does not know that the models share
most of their training rows, and is a little too narrow for that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from trainyard_harness.data import Print
from trainyard_harness.seen import Fitted, Samples
from trainyard_harness.session import Session

FEWEST, MOST = 3, 20
OVERLAP = 0.01
"""Part of a fold's rows that may stand in another fold by chance: twins."""


@dataclass
class Fold:
    """One model's outcome (see Adapter.outcome) on its test rows, and what it learnt from."""

    samples: Samples
    trained: list[Print]
    outcome: dict[str, Any]


def remember(session: Session, fitted: Fitted, samples: Samples | None) -> None:
    """Before an estimator is fitted again: what it makes now of the rows that it was measured on."""
    if samples is None or len(session.folds) >= MOST:
        return
    try:
        outcome = fitted.adapter.outcome(fitted.model, samples)
        session.folds.append(Fold(samples, list(fitted.trained_on), outcome))
    except Exception as error:  # noqa: BLE001  then this is no fold
        session.fault("a fold", error)


def are_folds(folds: list[Fold]) -> bool:
    """Whether these are one k-fold loop's: rows apart from each other, which the others learnt from.

    A splitter of scikit-learn's says so itself; where the script divides by hand the rows are looked at.
    """
    said = [one.samples.options["fold"] for one in folds if one.samples.options.get("fold")]
    if len(folds) > 1 and len(said) == len(folds):
        return len({loop for loop, _number in said}) == 1 and len(set(said)) == len(said)
    prints = [one.samples.prints for one in folds if one.samples.prints is not None]
    if not FEWEST <= len(folds) <= MOST or len(prints) < len(folds):
        return False
    if len({one.outcome["task"] for one in folds}) > 1:
        return False
    learnt_elsewhere = 0
    for place, own in enumerate(prints):
        others = [one for number, one in enumerate(prints) if number != place]
        if any(own.shared_with(one) > OVERLAP for one in others):
            return False
        trained = [one for number, fold in enumerate(folds) if number != place for one in fold.trained]
        learnt_elsewhere += any(own.shared_with(one) > 0.9 for one in trained)
    # The last fold of a time series is in nobody's training rows.
    return learnt_elsewhere >= len(folds) - 1


def pooled(folds: list[Fold]) -> tuple[Samples, dict[str, Any]]:
    """The rows of all folds as one set (the last fold's stand for what they look like), and the outcome."""
    import numpy as np

    together = dict(folds[-1].outcome)
    for name in ("truth", "predicted", "scores"):
        parts: list[Any] = [one.outcome.get(name) for one in folds]
        shapes = {None if one is None else np.asarray(one).shape[1:] for one in parts}
        together[name] = np.concatenate(parts) if len(shapes) == 1 and None not in shapes else None
    return replace(folds[-1].samples, values={}), together
