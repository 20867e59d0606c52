"""What a diagnosis can find."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The findings, each with the moves that it calls for in docs/reference/tweaking.md."""

    UNDERFIT = "underfit"
    OVERFIT = "overfit"
    IMPROVING = "still improving"
    DIVERGED = "diverged"
    DEAD = "dead"
    UNSCALED = "unscaled input"
    STARVED = "starved head"
    SATURATED = "saturated"
    STRAIGHT = "straight layers"
    HELD_BACK = "held back"
    LITTLE_DATA = "too little data"
    WRONG_HEAD = "wrong head or loss"
    DOUBTFUL = "doubtful head or loss"
    UNLEARNABLE = "nothing to learn"
    IMBALANCE = "class imbalance"
    LEAK = "leaking data"


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        confidence: 0 to 1.
        sentence: for a person, with the numbers in it.
        evidence: the numbers themselves.
    """

    kind: Kind
    confidence: float
    sentence: str
    evidence: dict[str, float] = field(default_factory=dict)
