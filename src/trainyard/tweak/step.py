"""A step: what one trial could change against the best one so far."""

from __future__ import annotations

from dataclasses import dataclass

from trainyard.runs.files import Move


@dataclass(frozen=True)
class Step:
    """Moves on top of the best trial's, and whether its weights are kept.

    Attributes:
        name: what is tried, such as `regularised 0.3`. One run takes a step `at_most` times.
        inherit: start from the best trial's weights; else from scratch.
    """

    name: str
    moves: list[Move]
    reason: str
    inherit: bool = False
    at_most: int = 1
