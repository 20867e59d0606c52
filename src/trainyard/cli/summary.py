"""A verdict for a person at a terminal."""

from __future__ import annotations

import click

from trainyard import gate
from trainyard.runs.files import Outcome
from trainyard.runs.state import Verdict
from trainyard.runs.untrusted import printable

_COLOURS = {
    Outcome.PROMOTED: "green",
    Outcome.CANDIDATE: "yellow",
    Outcome.REFUSED: "red",
    Outcome.FAILED: "red",
}


def summary(verdict: Verdict, served_at: str | None = None, *, color: bool) -> str:
    """Outcome, reason, one line a trial, and where the model and the report are.

    Args:
        served_at: the address where its model answers now.
    """
    word = verdict.outcome.value.upper()
    shown = click.style(word, fg=_COLOURS[verdict.outcome], bold=True) if color else word
    lines = ["", f"{shown}  {verdict.run}", f"  {printable(verdict.reason)}"]
    for trial in verdict.trials:
        number = f"{trial.metric.value:.4f}" if trial.metric else "no number"
        mark = "*" if trial.number == verdict.best_trial else " "
        why = printable(trial.reason)
        lines.append(f"  {mark} trial {trial.number}  {number}  {trial.cpu_seconds:6.1f} CPU s  {why}")
        if trial.abandoned:
            lines.append(f"      {printable(trial.abandoned)}")
    if verdict.baseline and verdict.metric and verdict.best_trial:
        name = gate.canonical(verdict.metric.name)
        lines.append(f"  {name}: {verdict.baseline.value:.4f} as pushed, {verdict.metric.value:.4f} now")
    if verdict.looks > 1:
        lines.append(f"  the report part was looked at {verdict.looks} times")
    if verdict.outcome == Outcome.PROMOTED:
        served = (
            f"`trainyard predict {verdict.repo} FILE` answers with it" if verdict.serving else "not served"
        )
        lines.append(f"  serving: {served}{f', and so does {served_at}' if served_at else ''}")
    if verdict.failure and verdict.failure.hint:
        lines.append(f"  {verdict.failure.hint}")
    if verdict.model:
        lines.append(f"  model:  {printable(verdict.model)}")
    if verdict.patch:
        lines.append(f"  patch:  {verdict.patch.path or printable(verdict.patch.sentence)}")
    lines.append(f"  report: {verdict.report}")
    return "\n".join(lines)
