"""Learning curves: the one fit that counts, its series, and where they are going."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainyard.runs.history import longest_fit
from trainyard.tweak.record import TrialRecord

_ACCURACY = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


@dataclass(frozen=True)
class Curve:
    """One fit's series, an entry per epoch. Accuracies are fractions; lists may be empty."""

    loss: list[float]
    val_loss: list[float]
    score: list[float]
    """Training accuracy."""
    val_score: list[float]

    @property
    def epochs(self) -> int:
        return len(self.loss) or len(self.score)

    @property
    def train(self) -> float | None:
        """Training accuracy at the end: the mean of the last two epochs."""
        return _tail(self.score)

    @property
    def validation(self) -> float | None:
        """The best validation accuracy."""
        finite = [v for v in self.val_score if math.isfinite(v)]
        return max(finite) if finite else None

    @property
    def least_val_loss(self) -> float:
        """The least validation loss; infinity where there is none."""
        return min((v for v in self.val_loss if math.isfinite(v)), default=math.inf)


def curve(record: TrialRecord) -> Curve:
    """The curve of the fit that counts."""
    rows = [
        {name: value for name, cell in row.items() if (value := _number(cell)) is not None}
        for row in longest_fit(record.curves)
    ]
    name = next((name for name in _ACCURACY if any(name in row for row in rows)), None)
    return Curve(
        loss=_series(rows, "loss"),
        val_loss=_series(rows, "val_loss"),
        score=_series(rows, name) if name else [],
        val_score=_series(rows, f"val_{name}") if name else [],
    )


def falling(values: list[float]) -> float:
    """By how much a loss fell over its last third, as a fraction of where that third began; 0 if unknown.

    With fewer than three epochs it is the fall from first to last.
    """
    if len(values) < 2 or not all(math.isfinite(v) for v in values):
        return 0.0
    start = values[min(len(values) - 2, (2 * len(values)) // 3 - 1 if len(values) >= 3 else 0)]
    return (start - values[-1]) / abs(start) if start else 0.0


def doublings_to(values: list[float], goal: float, most: int = 4) -> int | None:
    """After how many doublings of the epochs an accuracy reaches `goal`, by a power law through its errors.

    The error after n epochs is taken to go as n ** -b (Hestness et al. 2017 see such curves widely); b comes
    from the mean error around the middle and at the end.

    Returns:
        None where it does not within `most` doublings, or where there are too few epochs to tell.
    """
    if len(values) < 4:
        return None
    half = len(values) // 2
    middle = 1 - _mean(values[max(0, half - 2) : half])
    end = 1 - _mean(values[-2:])
    if end <= 0 or middle <= 0:
        return 0 if end <= 1 - goal else None
    ratio = end / middle
    if end <= 1 - goal:
        return 0
    if ratio >= 0.97:
        return None
    needed = math.ceil(math.log((1 - goal) / end) / math.log(ratio)) if goal < 1 else most + 1
    return needed if needed <= most else None


def _series(rows: list[dict[str, float]], name: str) -> list[float]:
    return [row[name] for row in rows if name in row]


def _tail(values: list[float]) -> float | None:
    finite = [v for v in values[-2:] if math.isfinite(v)]
    return _mean(finite) if finite else None


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _number(cell: object) -> float | None:
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
