"""Whether a training that died is started again, now, later, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.executors.base import Status
from trainyard.runs.state import Attempt, parse


def deaths(attempts: Sequence[Attempt]) -> int:
    """How often it died in a row since it last came further than before."""
    count = 0
    for earlier, later in zip([None, *attempts], attempts, strict=False):
        if later.status != Status.DIED:
            count = 0
        elif earlier is not None and earlier.status == Status.DIED and later.epochs <= earlier.epochs:
            count += 1
        else:
            count = 1
    return count


def pause(attempts: Sequence[Attempt], first: float) -> float:
    """Seconds between the last death and the next start: none after the first, then `first`, doubling."""
    died = deaths(attempts)
    return 0.0 if died <= 1 else first * 2.0 ** (died - 2)


def due(attempts: Sequence[Attempt], first: float, now: float) -> float:
    """Seconds from `now` until the next start; never more than the pause, whatever became of the clock."""
    wanted = pause(attempts, first)
    since = now - parse(attempts[-1].ended) if attempts[-1].ended else 0.0
    return min(max(wanted - since, 0.0), wanted)
