"""Boosting round by round: history, checkpoints between rounds, and where a restarted training goes on."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

from trainyard_harness.session import Session


def followed(session: Session) -> bool:
    """Whether a training that begins now is the script's own, called by it or by an estimator it fits."""
    return session.depth == 0 or (session.depth == 1 and session.boosting)


def named(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """A call's arguments by their names, also those that older versions took by their place."""
    return {**dict(zip(inspect.signature(function).parameters, args, strict=False)), **options}


SEEDED = 10
"""Where rows or columns are sampled, samplers start anew every so many rounds; checkpoints are taken there.

Samplers have state that cannot be saved. Started anew at the same rounds in every attempt, what they draw
depends on the seed and the round alone.
"""


class Rounds:
    """One boosting training, made resumable. Its library tells it of each round.

    Args:
        session: the training that this is a part of.
        total: rounds asked for.
        sampled: rows or columns are sampled.
    """

    def __init__(self, session: Session, total: int, sampled: bool) -> None:
        self.session = session
        self.sampled = sampled
        self.total = total
        self.number = session.next_fit()
        found = session.store.newest(self.number)
        self.saved: dict[str, Any] | None = found[0] if found else None
        self.done = int(self.saved["round"]) if self.saved else 0
        """Rounds that an earlier attempt had done."""
        self._began = time.monotonic()
        self._resumable = True
        session.plan_epochs(total)
        if self.saved:
            session.history.restore(self.number, self.saved["rows"])
            session.record.set(resumed_from_epoch=self.done, epochs_done=len(session.history.rows))

    def restarts(self, what: str) -> None:
        """This way of boosting cannot be continued exactly: it starts over."""
        self.session.record.note(f"{what} is not resumed: after a restart it trains from its first round.")
        self._resumable = False
        self.saved, self.done = None, 0

    def renewed(self, number: int) -> bool:
        """Whether the samplers start anew before round `number` (counted from 0)."""
        return self.sampled and number % SEEDED == 0

    def after(
        self, rounds: int, values: dict[str, float], last: bool, state: Callable[[], dict[str, Any]]
    ) -> None:
        """`rounds` are done. `state` gives what the library needs to go on from here."""
        now = time.monotonic()
        self.session.epoch(self.number, rounds - 1, values, now - self._began)
        self._began = now
        if not self._resumable or self.session.out_of_time or not self.session.store.affordable():
            return
        if self.sampled and rounds % SEEDED and not last:
            return
        rows = self.session.history.of(self.number)
        content = {"round": rounds, "rows": rows}
        try:
            if last:
                self.session.store.finish(self.number, lambda: ({**content, **state()}, []))
            else:
                self.session.store.write(self.number, rounds, lambda: ({**content, **state()}, []))
        except Exception as error:  # noqa: BLE001  no checkpoint is better than no training
            self.session.fault("checkpoint", error)
