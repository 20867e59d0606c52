"""A model's results on its held-out rows, by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainyard_harness import numbers
from trainyard_harness.seen import Fitted, Samples


@dataclass
class Measured:
    """A model's results on its held-out rows."""

    fitted: Fitted
    selection: Samples
    report: Samples
    outcomes: list[dict[str, Any]]
    """One per distinct set: the shared one, or selection's and report's."""
    halved: tuple[Any, Any, bool] | None
    fold: Samples | None = None
    """Of a k-fold loop: the rows of the fold that `fitted` is of; the outcome is of all folds together."""
    first: int = 0
    """Where that fold's rows begin in the outcome."""

    def on(self, part: str) -> dict[str, float]:
        """The numbers of one part (`selection`, `report`)."""
        outcome = self.outcomes[0] if part == "selection" else self.outcomes[-1]
        index = None
        if self.halved is not None:
            index = self.halved[0 if part == "selection" else 1]
        return measure(outcome, index)


def measure(outcome: dict[str, Any], index: Any) -> dict[str, float]:
    """All numbers of an adapter's outcome over the rows `index` (None: all)."""
    truth, predicted, scores = outcome["truth"], outcome["predicted"], outcome.get("scores")
    if index is not None:
        truth, predicted = truth[index], predicted[index]
        scores = scores[index] if scores is not None else None
    if not len(truth):
        return {}
    if outcome["task"] == "regression":
        return numbers.regression(truth, predicted)
    return numbers.classification(truth, predicted, scores)
