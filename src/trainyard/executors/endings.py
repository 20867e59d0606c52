"""What an exit code says about how a training ended, the same with every executor."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

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


def judge(
    state: dict[str, Any], memory_event: Callable[[], bool], limit: int, peak: int | None = None
) -> State:
    """What the engine's `State` of a container means.

    Args:
        state: the part `State` of an inspected container.
        memory_event: asked, where it matters, whether the engine reported the kernel's memory killer.
        limit: the container's, in bytes.
        peak: the most it was seen to use, where anybody looked.
    """
    if state["Status"] in ("running", "paused", "restarting", "removing"):
        return State(Status.RUNNING)
    if state["Status"] == "created":
        return State(Status.ABSENT, detail="It was made but never started.")
    code = int(state["ExitCode"])
    if code != 0 and (state.get("OOMKilled") or (code == 128 + signal.SIGKILL and memory_event())):
        whose = "It" if code == 128 + signal.SIGKILL else "One of its processes"
        seen = f"the peak was {peak / 2**20:.0f} MiB" if peak else "nobody looked at its peak"
        more = f"more memory than its limit of {limit // 2**20} MiB; {seen}"
        return State(Status.OUT_OF_MEMORY, code, f"{whose} was killed for using {more}.")
    return by_code(code, state.get("Error") or "")
