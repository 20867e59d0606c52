"""Ending a run before its time."""

from __future__ import annotations

from trainyard.exits import ExitCode
from trainyard.runs.files import Stage
from trainyard.runs.state import Failure
from trainyard.runs.store import Run
from trainyard.verbs.context import Context
from trainyard.verbs.evaluate import STOP_GRACE_SECONDS
from trainyard.verbs.finish import finish
from trainyard.verbs.giveback import training_names

PATIENCE_SECONDS = 10.0
"""For a verb that waits for the training to see its end and let go of the run."""


def stop(context: Context, run: Run, failure: Failure | None = None) -> None:
    """Stops what trains and finishes the run as failed; a finished run is left alone.

    Args:
        failure: what the verdict says; by hand where None.

    The training is stopped before the lock is taken: a verb that waits for it then ends the run, or lets go.

    Raises:
        TrainyardError: BUSY where another verb goes on holding the run.
    """
    state = run.load()
    if state.stage == Stage.FINISHED:
        context.say(f"{run.key}: is over already.")
        return
    failure = failure or Failure(code=ExitCode.SCRIPT_FAILED, message="stopped by hand.")
    run.stop(failure)
    if state.stage == Stage.TRAINING:
        context.executor(state.executor).stop(state.current.attempts[-1].name, STOP_GRACE_SECONDS)
    elif state.trials:
        for name in training_names(state):
            context.executor(state.executor).stop(name, 0)
    with run.lock(patience=PATIENCE_SECONDS):
        state = run.load()
        if state.stage != Stage.FINISHED:
            state.failure = failure
            finish(context, run, state)
