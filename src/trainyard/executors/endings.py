"""What an exit code says about how a training ended, the same with every executor."""

from __future__ import annotations

import signal

from trainyard.executors.base import State, Status

TIMED_OUT = 124
"""What `run` answers for a command that had to be ended, as timeout(1) does."""

_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
"""What the engine stopping, the machine going down, or a person sends."""


def by_code(code: int, error: str = "") -> State:
    """What an exit code in the shell's convention (128 + signal) means where memory is not the reason."""
    if code == 255 or error:
        # no training leaves with 255 (the harness has codes of its own): the engine lost sight of it
        return State(Status.DIED, code, error or "The engine went down while it ran.")
    if code > 128 and code - 128 in set(signal.Signals):
        name = signal.Signals(code - 128).name
        if code - 128 in _FROM_OUTSIDE:
            return State(Status.DIED, code, f"It was ended from outside by {name}.")
        return State(Status.EXITED, code, f"It crashed with {name}.")
    return State(Status.EXITED, code)
