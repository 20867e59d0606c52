"""`report.html`: a run on one self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainyard import gate
from trainyard.report.curves import curves
from trainyard.runs.atomic import write_atomic
from trainyard.runs.state import RunState, TrialState, Verdict
from trainyard.runs.store import Run

_TEMPLATE = Path(__file__).with_name("report.html.j2")


def write_report(run: Run, state: RunState, verdict: Verdict) -> None:
    """Renders the report: verdict, curves of all trials, a row for each, findings, how it was measured.

    Everything is escaped and nothing is loaded from elsewhere, scripts included: names and messages in it
    come from pushed code.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        verdict=verdict,
        state=state,
        describe=gate.describe,
        trials=[_row(run, trial) for trial in state.trials if trial.attempts],
        charts=curves(run, state),
        diff=_diff(verdict),
    )
    write_atomic(run.report, page.encode())


def _diff(verdict: Verdict) -> str:
    if verdict.patch is None or verdict.patch.path is None:
        return ""
    return Path(verdict.patch.path).read_text(encoding="utf-8", errors="replace")


def _row(run: Run, trial: TrialState) -> dict[str, Any]:
    folder = run.trial(trial.spec.trial)
    metrics = folder.metrics
    return {
        "spec": trial.spec,
        "decision": trial.decision,
        "attempts": trial.attempts,
        "parameters": metrics.parameters if metrics else None,
        "epochs": metrics.epochs_done if metrics else None,
        "seconds": trial.seconds(),
        "notes": metrics.notes if metrics else [],
        "holdout": metrics.holdout if metrics else None,
        "metrics": metrics.metrics if metrics else [],
    }
