"""Starting a dead training again from where it had come to: job3 where it watches, job6 for all others."""

from __future__ import annotations

from dataclasses import dataclass

from trainyard.executors.base import Status
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import state as st
from trainyard.runs.state import RunState
from trainyard.runs.store import Run
from trainyard.verbs.context import Context
from trainyard.verbs.endings import state_of
from trainyard.verbs.follow import Follower, epochs
from trainyard.verbs.launch import start
from trainyard.verbs.patience import deaths, due, pause


@dataclass(frozen=True)
class Again:
    """What was done about a dead training."""

    words: str
    due: float | None = None
    """Seconds until it may be started; None where it was."""


def dead(context: Context, state: RunState) -> str | None:
    """Why the current attempt is over where that is the machine's doing; else None."""
    now = state_of(context.executor(state.executor), state.current.attempts[-1].name)
    return (now.detail or now.status.value) if now.status in (Status.DIED, Status.ABSENT) else None


def restart(context: Context, run: Run, state: RunState, died: str) -> Again:
    """Starts the current trial again, or says how long that has to wait. The run's lock is held.

    Raises:
        TrainyardError: SCRIPT_FAILED where it died too often, NO_EXECUTOR; what `trainyard stop` asked for.
    """
    if asked := run.stopping:
        raise TrainyardError(ExitCode(asked.code), asked.message, asked.hint)
    current = state.current
    trial = run.trial(current.spec.trial)
    attempt = current.attempts[-1]
    if attempt.ended is None:
        attempt.end(Status.DIED.value, died)
        attempt.epochs = epochs(trial)[0]
        run.save(state)
        trial.settle()
        Follower(None).save_log(context.executor(state.executor), attempt.name, trial)
    times = deaths(current.attempts)
    what = f"trial {current.spec.trial} died ({died})"
    healing = context.config.healing
    if times >= healing.deaths:
        raise TrainyardError(
            ExitCode.SCRIPT_FAILED,
            f"trial {current.spec.trial} died {times} times without coming further, last: {died}",
            "Look for what kills it (`trainyard logs`), then push again.",
        )
    if (seconds := due(current.attempts, healing.pause, st.now())) > 0:
        waits = pause(current.attempts, healing.pause)
        return Again(f"{what}; the next attempt waits {waits:g} s", seconds)
    start(context, run, state)
    return Again(f"{what}; started again after epoch {attempt.epochs}, attempt {len(current.attempts)}")
