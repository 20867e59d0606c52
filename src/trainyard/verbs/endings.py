"""How an ended training is understood: by its own doing, or because its machine went away."""

from __future__ import annotations

from trainyard.executors.base import Executor, State, Status

NOTHING_MEASURED_EXIT = 3
STOPPED_EXIT = 4
DISK_FULL_EXIT = 28
"""The harness's exit codes that mean something here (docs/reference/harness.md)."""


def state_of(executor: Executor, name: str) -> State:
    """The executor's view, with a training that was told to stop from outside taken for a dead one."""
    return understood(executor.state(name))


def understood(state: State) -> State:
    """An engine or machine going down sends SIGTERM, on which the harness leaves in good order."""
    if state.status == Status.EXITED and state.exit_code == STOPPED_EXIT:
        return State(Status.DIED, state.exit_code, "stopped from outside")
    return state
