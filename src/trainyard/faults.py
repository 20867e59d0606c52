"""Faults made on purpose: `TRAINYARD_FAULT=point:action[@number]`, several with commas between.

A point is a name, or a name with a detail as a shell pattern: `before-write`, `before-write/run.json`,
`docker/post *start`, `git/fetch`, `notify`. `number` is which time it is reached in this process, from 1;
without it every time. Actions: `kill`, `raise` (an input/output error), `full` (no space left),
`delay=SECONDS`, and, at the point `clock`, `jump=SECONDS`.

Only the environment of the controller is read. A training has an environment of its own, and pushed code may
set no variable of that name (`trainyard.config`).
"""

from __future__ import annotations

import errno
import os
import signal
import time

_VARIABLE = "TRAINYARD_FAULT"
_reached: dict[str, int] = {}


def reach(point: str, detail: str = "") -> None:
    """Says that `point` was reached; does nothing but for a look at the environment where no fault is set.

    Raises:
        OSError: where the fault says so.
    """
    wanted = os.environ.get(_VARIABLE)
    if wanted is None:
        return
    for fault in wanted.split(","):
        where, _, action = fault.partition(":")
        action, _, number = action.partition("@")
        if _matches(where, point, detail):
            _reached[fault] = _reached.get(fault, 0) + 1
            if not number or _reached[fault] == int(number):
                _act(action, f"{point}/{detail}")


def clock() -> float:
    """Seconds that the clock is off by."""
    wanted = os.environ.get(_VARIABLE)
    if wanted is None:
        return 0.0
    jumps = (fault.partition("clock:jump=")[2] for fault in wanted.split(","))
    return sum(float(jump) for jump in jumps if jump)


def _matches(where: str, point: str, detail: str) -> bool:
    from fnmatch import fnmatchcase

    return where == point or fnmatchcase(f"{point}/{detail}", where)


def _act(action: str, where: str) -> None:
    kind, _, value = action.partition("=")
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "raise":
        raise OSError(errno.EIO, f"a fault made on purpose at {where}")
    elif kind == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), where)
    elif kind == "delay":
        time.sleep(float(value))
