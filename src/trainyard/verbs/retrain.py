"""job5-retrain: starts the next trial, or ends the run: promotes, serves, announces."""

from __future__ import annotations

from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.files import Stage
from trainyard.runs.store import Run
from trainyard.verbs.context import Context, working_on
from trainyard.verbs.finish import finish
from trainyard.verbs.launch import start


def retrain(context: Context, run: Run) -> bool:
    """Takes the run on to its next training, or to its verdict.

    Returns:
        Whether a training was started (or runs already), so that job3 follows.

    Raises:
        TrainyardError: USAGE before there is a decision; NO_EXECUTOR, BUSY.
    """
    with working_on(context, run):
        state = run.load()
        if state.stage == Stage.FINISHED:
            return False
        if state.stage == Stage.TRAINING:
            return True
        decided = (
            state.stage == Stage.EVALUATED and state.current.decision and state.current.decision.at_target
        )
        if state.stage == Stage.TWEAKED and state.exhausted is None:
            start(context, run, state)
            context.say(f"{run.key}: trial {state.current.spec.trial} started: {state.current.spec.reason}.")
            return True
        if decided or state.stage == Stage.TWEAKED:
            finish(context, run, state)
            return False
        raise TrainyardError(
            ExitCode.USAGE,
            f"{run.key}: nothing is decided yet (stage {state.stage.value}).",
            f"Run `trainyard tweak --run {run.key}` first.",
        )
