"""job6-monitor: finds trainings and runs that died, and starts them again from where they had come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trainyard.executors.base import Status
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import state as st
from trainyard.runs import store
from trainyard.runs.files import Stage
from trainyard.runs.state import RunState
from trainyard.runs.store import Run
from trainyard.verbs.context import Context, working_on
from trainyard.verbs.endings import state_of
from trainyard.verbs.launch import start

MAX_ATTEMPTS = 5
"""Starts of one trial before its deaths are taken for its own fault."""

STALE_SECONDS = 120.0
"""Between two jobs of a healthy Jenkins chain a run is untouched for less than this."""


@dataclass(frozen=True)
class Finding:
    """One unfinished run and what was done about it."""

    run: Run
    action: str
    """In words."""
    resume: bool
    """Whether the chain has to be taken up again for it."""


def monitor(context: Context, repo: str | None, *, patient: bool) -> list[Finding]:
    """Restarts dead trainings of this host's unfinished runs and names the runs whose chain stands still.

    Args:
        repo: only that repo's runs; None for all.
        patient: leave runs alone that something may be about to take up (a Jenkins queue): those touched
            within STALE_SECONDS whose training did not die.

    Raises:
        TrainyardError: NO_EXECUTOR where a dead training cannot be started. Unreadable runs are reported.
    """
    found: list[Finding] = []
    for run in store.all_runs(context.home, repo):
        try:
            if run.load().stage != Stage.FINISHED and (finding := _look(context, run, patient)):
                found.append(finding)
        except TrainyardError as error:
            if error.code == ExitCode.NO_EXECUTOR:
                raise
            found.append(Finding(run, error.message, resume=False))
    return found


def heal(context: Context, repo: str | None, take_up: Callable[[Run], object]) -> list[Finding]:
    """`monitor`, and then `take_up` (the chain) for every run that needs it, one after the other."""
    found = monitor(context, repo, patient=False)
    for finding in found:
        context.say(f"{finding.run.key}: {finding.action}")
        if finding.resume:
            take_up(finding.run)
    return found


def _look(context: Context, run: Run, patient: bool) -> Finding | None:
    with run.chain_lock(), working_on(context, run):
        state = run.load()
        if state.stage == Stage.FINISHED:
            return None
        if state.stage == Stage.TRAINING and (died := _dead(context, state)):
            return _restart(context, run, state, died)
        if patient and st.now() - st.parse(state.updated) < STALE_SECONDS:
            return None
        return Finding(run, f"stands at stage {state.stage.value}: taking it up again", resume=True)


def _dead(context: Context, state: RunState) -> str | None:
    now = state_of(context.executor(state.executor), state.current.attempts[-1].name)
    return (now.detail or now.status.value) if now.status in (Status.DIED, Status.ABSENT) else None


def _restart(context: Context, run: Run, state: RunState, died: str) -> Finding:
    current = state.current
    attempt = current.attempts[-1]
    if attempt.ended is None:
        attempt.ended = st.timestamp()
        attempt.status = Status.DIED.value
        attempt.detail = died
        run.save(state)
    if len(current.attempts) >= MAX_ATTEMPTS:
        raise TrainyardError(
            ExitCode.SCRIPT_FAILED,
            f"{run.key}: trial {current.spec.trial} died {len(current.attempts)} times, last: {died}.",
            "Look for what kills it (`trainyard logs`), then push again.",
        )
    start(context, run, state)
    action = f"trial {current.spec.trial} died ({died}); started again, attempt {len(current.attempts)}"
    return Finding(run, action, resume=True)
