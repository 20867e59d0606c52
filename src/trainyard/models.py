"""Using trained models: only inside their image, under a training's limits."""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from trainyard import gate
from trainyard.config import limits
from trainyard.executors.base import Training
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import check_repo_name
from trainyard.runs import store
from trainyard.runs.files import Metric, Stage
from trainyard.runs.store import Run
from trainyard.verbs.context import Context
from trainyard.verbs.finish import champion_of

TIMEOUT_SECONDS = 300.0
MAX_INPUT_BYTES = 256 * 2**20


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict's number beside the one measured again."""

    run: str
    metric: str
    verdict: float
    measured: float
    reproduced: bool


def predict(context: Context, repo: str, file: Path, *, prepared: bool = False) -> dict[str, Any]:
    """Asks the repo's champion about the samples in `file`.

    Args:
        prepared: they have been through the script's own preprocessing, which is applied otherwise.

    Returns:
        `predictions` (one a sample), `repo`, `run`, `metric`, and what the harness adds (labels, shapes).

    Raises:
        TrainyardError: NOT_PROMOTED with the numbers; NOT_FOUND; SCRIPT_FAILED where the samples do not fit.
    """
    check_repo_name(repo)
    champion = champion_of(context.home, repo)
    if champion is None:
        raise not_promoted(context, repo)
    if not file.is_file():
        raise TrainyardError(ExitCode.NOT_FOUND, f"{file}: no such file.", "Give a CSV, JSON or NPY file.")
    if file.stat().st_size > MAX_INPUT_BYTES:
        raise TrainyardError(ExitCode.NOT_FOUND, f"{file}: larger than 256 MiB.", "Split it.")
    run = store.find(context.home, champion.run)
    name = f"samples{file.suffix.lower()}"
    with tempfile.TemporaryDirectory(prefix="predict-", dir=context.home.path) as folder:
        source = Path(folder, "source")
        source.mkdir()
        shutil.copyfile(file, source / name)
        module = ["trainyard_harness.predict", *(["--prepared"] if prepared else []), name]
        said = _inside(context, champion.executor, champion.image, run, champion.trial, source, module)
    return {"repo": repo, "run": champion.run, "metric": msgspec.to_builtins(champion.metric), **said}


def verify(context: Context, run: Run) -> Verified:
    """Measures a finished run's best model again on its held-out data.

    Raises:
        TrainyardError: NO_METRIC where the run has no number or its held-out data was too large to keep.
    """
    state = run.load()
    if state.stage != Stage.FINISHED:
        raise TrainyardError(ExitCode.NO_METRIC, f"{run.key}: is not finished.", "Wait for its verdict.")
    verdict = run.verdict()
    metric, best = verdict.metric, verdict.best_trial
    if metric is None or best is None:
        raise TrainyardError(ExitCode.NO_METRIC, f"{run.key}: has no number to reproduce.")
    said = _inside(
        context, state.executor, state.image or "", run, best, run.source, ["trainyard_harness.reevaluate"]
    )
    try:
        again = msgspec.convert(said.get("metrics"), list[Metric])
    except msgspec.ValidationError:
        again = []
    name = gate.canonical(metric.name)
    measured = next(
        (m.value for m in again if gate.canonical(m.name) == name and m.part == metric.part), None
    )
    if measured is None:
        raise TrainyardError(ExitCode.NO_METRIC, f"{run.key}: {name} could not be measured again.")
    return Verified(
        run=run.key,
        metric=name,
        verdict=metric.value,
        measured=measured,
        reproduced=math.isclose(metric.value, measured, rel_tol=1e-5, abs_tol=1e-6),
    )


def _inside(
    context: Context, executor: str, image: str, run: Run, trial: int, source: Path, command: list[str]
) -> dict[str, Any]:
    """Runs a harness module in the image, the trial's folder read-only beside it; its one line of JSON."""
    with tempfile.TemporaryDirectory(prefix="inside-", dir=context.home.path) as scratch:
        training = Training(
            name=f"trainyard-{Path(scratch).name}".lower(),
            image=image,
            source=source,
            trial=Path(scratch),
            parent=run.trial(trial).path,
            labels={"trainyard.home": str(context.home.path), "trainyard.run": run.key},
            limits=limits(context.config, run.path.parent.name),
        )
        code, output = context.executor(executor).run(training, command, TIMEOUT_SECONDS)
    lines = output.decode(errors="replace").strip().splitlines()
    try:
        said = msgspec.json.decode(lines[-1].encode(), type=dict[str, Any])
    except (IndexError, msgspec.DecodeError):
        said = {}
    if code == 0 and said:
        return said
    why = said.get("error") or (lines[-1] if lines else f"exit code {code}")
    raise TrainyardError(ExitCode.SCRIPT_FAILED, f"{run.key}: {str(why)[:300]}", str(said.get("hint", "")))


def not_promoted(context: Context, repo: str) -> TrainyardError:
    """Why `repo`, which has no champion, serves no model."""
    runs = store.all_runs(context.home, repo)
    if not runs:
        return TrainyardError(
            ExitCode.NOT_PROMOTED, f"{repo}: has no run yet.", "`trainyard status` lists them."
        )
    try:
        verdict = runs[-1].verdict()
    except TrainyardError:
        return TrainyardError(
            ExitCode.NOT_PROMOTED,
            f"{repo}: serves no model; its last run has no verdict yet.",
            "Wait for it.",
        )
    if verdict.metric is None:
        why = "it gave no number"
    else:
        metric, target = verdict.metric, verdict.target
        short = metric.value < target if metric.direction == "max" else metric.value > target
        why = f"not promoted: {gate.canonical(metric.name)} {metric.value:.4f}"
        if short:
            why += f" {'<' if metric.direction == 'max' else '>'} {target:g}"
    return TrainyardError(
        ExitCode.NOT_PROMOTED,
        f"{repo}: serves no model: its last run ended {verdict.outcome.value}, {why}.",
        f"`trainyard show {verdict.run}` says why.",
    )
