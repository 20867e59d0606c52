"""What is counted of a run: by `trainyard status`, and for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

from trainyard.runs.files import Outcome, Stage
from trainyard.runs.state import RunState
from trainyard.runs.store import Run

STAGES = frozenset(stage.value for stage in Stage if stage != Stage.FINISHED)
UNREADABLE = "unreadable"
STATES = (*sorted(STAGES), *(outcome.value for outcome in Outcome), UNREADABLE)


@dataclass(frozen=True)
class Facts:
    """Of one run; `state` is one of STATES: its stage or, where it is over, its outcome."""

    state: str
    trials: int = 0
    restarts: int = 0
    """Trainings started again after a death."""
    resumed: int = 0
    """Epochs that restarts did not train again."""


def facts_of(run: Run, state: RunState) -> Facts:
    tried = [trial for trial in state.trials if trial.attempts]
    resumed = 0
    for trial in tried:
        metrics = run.trial(trial.spec.trial).metrics if len(trial.attempts) > 1 else None
        # written where pushed code may write
        resumed += min(max(metrics.resumed_from_epoch or 0, 0), 10**6) if metrics else 0
    over = state.stage == Stage.FINISHED and state.outcome
    return Facts(
        over.value if over else state.stage.value,
        len(tried),
        sum(len(trial.attempts) - 1 for trial in tried),
        resumed,
    )
