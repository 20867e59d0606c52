"""job6-monitor: finds trainings and runs that died, and starts them again from where they had come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from trainyard.exits import ExitCode, TrainyardError
from trainyard.log import bound
from trainyard.runs import state as st
from trainyard.runs import store
from trainyard.runs.files import Stage
from trainyard.runs.store import Run
from trainyard.verbs.context import Context, working_on
from trainyard.verbs.restart import dead, restart

STALE_SECONDS = 120.0
"""Between two jobs of a healthy Jenkins chain a run is untouched for less than this."""

LETTING_GO_SECONDS = 10.0
"""For a verb that waited for a training that died."""

LETTING_GO_LOOK = 0.2

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

    def tell(self, context: Context) -> None:
        """Says it, as a line of that run."""
        with bound(run=self.run.key):
            context.say(f"{self.run.key}: {self.action}")


def monitor(
    context: Context,
    repo: str | None,
    *,
    patient: bool,
    leave: Collection[str] = (),
    letting_go: float = LETTING_GO_SECONDS,
) -> list[Finding]:
    """Restarts dead trainings of this host's unfinished runs and names the runs whose chain stands still.

    Args:
        repo: only that repo's runs; None for all.
        patient: leave runs alone that something may be about to take up (a Jenkins queue): those touched
            within STALE_SECONDS whose training did not die.
        leave: keys of runs that are looked after.
        letting_go: seconds for whoever holds a run whose training died to start it again, or to let go of it.

    Raises:
        TrainyardError: NO_EXECUTOR where a dead training cannot be started. Unreadable runs are reported.
    """
    found: list[Finding] = []
    until = time.monotonic() + letting_go
    unseen = [run for run in store.all_runs(context.home, repo) if run.key not in leave]
    while unseen:
        held: list[Run] = []
        for run in unseen:
            try:
                if finding := _look(context, run, patient):
                    found.append(finding)
            except TrainyardError as error:
                if error.code == ExitCode.NO_EXECUTOR:
                    raise
                if error.code != ExitCode.BUSY:
                    found.append(Finding(run, error.message, resume=False))
                elif _died(context, run):
                    held.append(run)
        unseen = held if time.monotonic() < until else []
        time.sleep(LETTING_GO_LOOK if unseen else 0)
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
            # one that waits for its turn may die again meanwhile
            walked = [key for key, future in going.items() if future.running()]
            # while others are walked there is another look soon
            wait_for = LOOK_SECONDS if going else LETTING_GO_SECONDS
            found = monitor(context, repo, patient=False, leave=walked, letting_go=wait_for)
            # a run that stands where it stood is not taken up twice: what kept it (a full disk) still does
            new = [f for f in found if (f.run.key, f.action) not in seen]
            for finding in new:
                finding.tell(context)
                seen.add((finding.run.key, finding.action))
                if finding.due is None:
                    told.append(finding)
                if finding.resume and finding.run.key not in going:
                    going[finding.run.key] = pool.submit(take_up, finding.run)
            due = [finding.due for finding in found if finding.due is not None]
            if not (going or new or due):
                return told
            if going:
                wait(going.values(), timeout=min([LOOK_SECONDS, *due]), return_when=FIRST_COMPLETED)
            elif due:
                time.sleep(min(due))
            for key in [key for key, future in going.items() if future.done()]:
                try:
                    going.pop(key).result()
                except TrainyardError as error:
                    if error.code != ExitCode.BUSY:  # somebody else has taken it up
                        raise


def _look(context: Context, run: Run, patient: bool) -> Finding | None:
    if run.load().stage == Stage.FINISHED:
        return None
    with run.chain_lock(), working_on(context, run):
        state = run.load()
        if state.stage == Stage.FINISHED:
            return None
        if state.stage == Stage.TRAINING and (died := dead(context, state)):
            again = restart(context, run, state, died)
            return Finding(run, again.words, resume=again.due is None, due=again.due)
        if patient and st.now() - st.parse(state.updated) < STALE_SECONDS:
            return None
        return Finding(run, f"stands at stage {state.stage.value}: taking it up again", resume=True)


def _died(context: Context, run: Run) -> bool:
    state = run.load()
    return state.stage == Stage.TRAINING and dead(context, state) is not None
