"""A newer push ends older runs of its branch, where the policy says so."""

from __future__ import annotations

from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import store
from trainyard.runs.files import Stage
from trainyard.runs.state import Failure, RunState
from trainyard.runs.store import Run
from trainyard.verbs.context import Context
from trainyard.verbs.stop import stop


def supersede(context: Context, run: Run) -> None:
    """Stops the unfinished runs made before `run` for the same branch; what cannot be stopped is said."""
    state = run.load()
    for older in store.all_runs(context.home, state.repo):
        if older.path.name >= run.path.name:
            break
        try:
            if _gives_way(older.load(), state):
                failure = Failure(
                    code=ExitCode.SUPERSEDED, message=f"superseded by the push of {state.commit[:10]}."
                )
                stop(context, older, failure)
        except TrainyardError as error:
            context.say(f"warning: {older.key}: is not superseded: {error.message}")


def _gives_way(older: RunState, newer: RunState) -> bool:
    if older.stage == Stage.FINISHED or (older.url, older.branch) != (newer.url, newer.branch):
        return False
    return newer.policy.supersede == "running" or older.stage in (Stage.PULLING, Stage.PULLED)
