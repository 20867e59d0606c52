"""job6-monitor: finds trainings and runs that died, and starts them again from where they had come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
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
from trainyard.verbs.follow import Follower, epochs
from trainyard.verbs.launch import start
from trainyard.verbs.patience import deaths, due, pause

STALE_SECONDS = 120.0
"""Between two jobs of a healthy Jenkins chain a run is untouched for less than this."""


LETTING_GO_SECONDS = 10.0
"""For the verb that waited for a training: it lets go of the run when that dies."""

AT_ONCE = 4
"""Chains that are walked on at a time."""

LOOK_SECONDS = 2.0
"""Between two looks for what died while they are walked."""


@dataclass(frozen=True)
class Finding:
    """One unfinished run and what was done about it."""

    run: Run
    action: str
    """In words."""
    resume: bool
    """Whether the chain has to be taken up again for it."""
    due: float | None = None
    """Seconds until its dead training may be started again; None where it need not wait."""


def monitor(
    context: Context, repo: str | None, *, patient: bool, leave: Collection[str] = ()
) -> list[Finding]:
    """Restarts dead trainings of this host's unfinished runs and names the runs whose chain stands still.

    Args:
        repo: only that repo's runs; None for all.
        patient: leave runs alone that something may be about to take up (a Jenkins queue): those touched
            within STALE_SECONDS whose training did not die.
        leave: keys of runs that are looked after.

    Raises:
        TrainyardError: NO_EXECUTOR where a dead training cannot be started. Unreadable runs are reported.
    """
    found: list[Finding] = []
    for run in store.all_runs(context.home, repo):
        if run.key in leave:
            continue
        try:
            state = run.load()
            if state.stage != Stage.FINISHED and (finding := _look(context, run, state, patient)):
                found.append(finding)
        except TrainyardError as error:
            if error.code == ExitCode.NO_EXECUTOR:
                raise
            if error.code == ExitCode.BUSY:
                continue  # whoever holds it looks after it
            found.append(Finding(run, error.message, resume=False))
    return found


def look_until_due(context: Context, repo: str | None) -> list[Finding]:
    """`monitor` for an embedded chain: waits for what has to wait, as nobody else would look again soon."""
    while True:
        found = monitor(context, repo, patient=False)
        due = [finding.due for finding in found if finding.due is not None]
        if not due or any(finding.resume for finding in found):
            return found
        time.sleep(min(LOOK_SECONDS, *due))


def heal(context: Context, repo: str | None, take_up: Callable[[Run], object]) -> list[Finding]:
    """`monitor`, and `take_up` (the chain) for every run that needs it, until nothing new is found.

    Several are taken up at a time, and what dies meanwhile is started again meanwhile.
    """
    told: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    going: dict[str, Future[object]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            walked = [key for key, future in going.items() if not future.done()]
            found = monitor(context, repo, patient=False, leave=walked)
            # a run that stands where it stood is not taken up twice: what kept it (a full disk) still does
            new = [f for f in found if (f.run.key, f.action) not in seen]
            for finding in new:
                context.say(f"{finding.run.key}: {finding.action}")
                seen.add((finding.run.key, finding.action))
                if finding.due is None:
                    told.append(finding)
                if finding.resume:
                    going[finding.run.key] = pool.submit(take_up, finding.run)
            due = [finding.due for finding in found if finding.due is not None]
            if not (going or new or due):
                return told
            if going:
                wait(going.values(), timeout=min([LOOK_SECONDS, *due]), return_when=FIRST_COMPLETED)
            elif due:
                time.sleep(min(due))
            for key in [key for key, future in going.items() if future.done()]:
                going.pop(key).result()


def _look(context: Context, run: Run, state: RunState, patient: bool) -> Finding | None:
    dead = state.stage == Stage.TRAINING and _dead(context, state)
    patience = LETTING_GO_SECONDS if dead else 0.0
    with run.chain_lock(patience), working_on(context, run, patience):
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
    healing = context.config.healing
    current = state.current
    trial = run.trial(current.spec.trial)
    attempt = current.attempts[-1]
    if attempt.ended is None:
        attempt.end(Status.DIED.value, died)
        attempt.epochs = epochs(trial)[0]
        run.save(state)
        trial.settle()
        executor = context.executor(state.executor)
        Follower(None).save_log(executor, attempt.name, trial)
    times = deaths(current.attempts)
    what = f"trial {current.spec.trial} died ({died})"
    if times >= healing.deaths:
        raise TrainyardError(
            ExitCode.SCRIPT_FAILED,
            f"trial {current.spec.trial} died {times} times without coming further, last: {died}",
            "Look for what kills it (`trainyard logs`), then push again.",
        )
    if (seconds := due(current.attempts, healing.pause, st.now())) > 0:
        waits = pause(current.attempts, healing.pause)
        return Finding(run, f"{what}; the next attempt waits {waits:g} s", False, seconds)
    start(context, run, state)
    action = f"{what}; started again after epoch {attempt.epochs}, attempt {len(current.attempts)}"
    return Finding(run, action, resume=True)
