"""Commands that only look: detect, status, show, logs."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
import msgspec

from trainyard import gate
from trainyard.cli.output import answer, context, json_option, say
from trainyard.cli.summary import summary
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import store
from trainyard.runs.facts import UNREADABLE, facts_of
from trainyard.runs.files import Stage
from trainyard.runs.state import RunState
from trainyard.runs.store import Run
from trainyard.runs.untrusted import printable
from trainyard.verbs.context import Context


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--explain", is_flag=True, help="Every piece of evidence, and the scripts that lost.")
@json_option
def detect(*, path: Path, explain: bool, as_json: bool) -> None:
    """Say which image would train PATH, a folder or one script, and why. Nothing of it is executed."""
    from trainyard.detect import check, render
    from trainyard.detect import detect as do
    from trainyard.verbs.launch import overrides_of

    if not path.exists():
        raise TrainyardError(
            ExitCode.NOT_FOUND, f"{path}: no such folder.", "Name the folder with the training code."
        )
    found = do(path, overrides=overrides_of(path))
    answer(found, render(found, explain=explain), as_json)
    try:
        check(found)
    except TrainyardError as error:
        say(f"trainyard: {error}")
        sys.exit(int(error.code))


@click.command()
@click.option("--repo", help="Only this repo's runs.")
@click.option("--watch", is_flag=True, help="The watcher and its remotes instead: heads, last look, errors.")
@click.option("--serving", is_flag=True, help="The served models instead: run, requests, restarts.")
@json_option
def status(*, repo: str | None, watch: bool, serving: bool, as_json: bool) -> None:
    """List every run with its stage, its number and what became of it, and what is served."""
    here = context()
    if watch:
        _watcher(here, as_json)
        return
    if serving:
        _serving(here, as_json)
        return
    rows = [_row(run) for run in store.all_runs(here.home, repo)]
    if as_json:
        answer(rows, "", as_json)
    elif not rows:
        click.echo(f"no runs in {here.home.path}.")
    else:
        _table(rows)
    if not as_json and (here.home.watch / "status.json").exists():
        from trainyard.watch import view

        found, alive = view.read(here.home)
        if found:
            click.echo(printable(f"{view.lines(found, alive)[0]} (--watch shows them)"))
    if not as_json and (here.home.serve / "status.json").exists():
        _serving(here, as_json)


def _watcher(here: Context, as_json: bool) -> None:
    from trainyard.watch import view

    found, alive = view.read(here.home)
    if as_json:
        answer({"running": alive, "watcher": found}, "", as_json)
    elif found is None:
        click.echo(f"no watcher was ever started for {here.home.path}.")
    else:
        click.echo(printable("\n".join(view.lines(found, alive))))


def _serving(here: Context, as_json: bool) -> None:
    from trainyard.serve import view

    found, alive = view.read(here.home)
    if as_json:
        answer({"running": alive, "serving": found}, "", as_json)
    elif found is None:
        click.echo(f"nothing was ever served from {here.home.path} (`trainyard serve`).")
    else:
        click.echo(printable("\n".join(view.lines(found, alive))))


@click.command()
@click.argument("run_name", metavar="RUN", default="latest")
@json_option
def show(*, run_name: str, as_json: bool) -> None:
    """Show one run: its verdict, or how far it is. RUN: repo/id, an id, a repo, or latest."""
    here = context()
    run = store.find(here.home, run_name)
    state = run.load()
    if state.stage == Stage.FINISHED:
        from trainyard.serve.view import url
        from trainyard.verbs.finish import champion_of

        verdict = run.verdict()
        champion = champion_of(here.home, verdict.repo)
        # another run's model may have taken over since the verdict was written
        serving = champion is not None and champion.run == run.key
        verdict = msgspec.structs.replace(verdict, serving=serving)
        served_at = url(here.home, verdict.repo, run.key) if serving else None
        answer(verdict, summary(verdict, served_at, color=sys.stdout.isatty()), as_json)
        return
    lines = [f"{run.key}: stage {state.stage.value}, commit {state.commit[:18]}"]
    for trial in state.trials:
        told = trial.decision.sentence if trial.decision else "training"
        lines.append(printable(f"  trial {trial.spec.trial}: {trial.spec.reason}: {told}"))
    answer(state, "\n".join(lines), as_json)


@click.command()
@click.argument("run_name", metavar="RUN", default="latest")
@click.option("-f", "--follow", is_flag=True, help="Go on as long as something trains.")
@click.option("--build", is_flag=True, help="The image build's log instead.")
def logs(*, run_name: str, follow: bool, build: bool) -> None:
    """Print what the trainings of RUN printed."""
    from trainyard.runs.untrusted import clean

    here = context()
    run = store.find(here.home, run_name)
    if build:
        if not run.build_log.is_file():
            raise TrainyardError(ExitCode.NOT_FOUND, f"{run.key}: no image was built for it.")
        click.echo(clean(run.build_log.read_bytes()), nl=False)
        return
    state = run.load()
    for trial in state.trials:
        if not trial.attempts:
            continue
        click.echo(printable(f"=== trial {trial.spec.trial}: {trial.spec.reason}"))
        folder = run.trial(trial.spec.trial)
        live = trial.attempts[-1].ended is None and state.stage == Stage.TRAINING
        if live:
            _live(here, state, follow)
        else:
            click.echo(clean(folder.log), nl=False)
    if not state.trials:
        where = f"{state.failure.message}" if state.failure else f"stage {state.stage.value}"
        say(f"{run.key}: nothing was trained ({where})")


def _live(here: Context, state: RunState, follow: bool) -> None:
    from trainyard.runs.untrusted import clean

    executor = here.executor(state.executor)
    for chunk in executor.logs(state.current.attempts[-1].name, follow=follow):
        click.echo(clean(chunk), nl=False)


def _row(run: Run) -> dict[str, Any]:
    row: dict[str, Any] = {"run": run.key, "repo": run.path.parent.name}
    try:
        state = run.load()
    except TrainyardError as error:
        return {**row, "stage": UNREADABLE, "error": error.message, "code": int(error.code)}
    facts = facts_of(run, state)
    decided = [t.decision for t in state.trials if t.decision]
    metric = next((d.gate for d in reversed(decided) if d.gate), None)
    if state.stage == Stage.FINISHED:
        try:
            metric = run.verdict().metric
        except TrainyardError as error:
            row["error"] = error.message
    return {
        **row,
        "commit": state.commit,
        "stage": state.stage.value,
        "outcome": state.outcome.value if state.outcome else None,
        "trial": len(state.trials) - 1 if state.trials else None,
        "trials": facts.trials,
        "restarts": facts.restarts,
        "resumed_epochs": facts.resumed,
        "metric": metric,
        "error": state.failure.message if state.failure else row.get("error"),
        "code": state.failure.code if state.failure else None,
        "updated": state.updated,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    shown = [("RUN", "STAGE", "OUTCOME", "NUMBER", "")]
    for row in rows:
        metric = row.get("metric")
        number = f"{gate.canonical(metric.name)} {metric.value:.4f}" if metric else ""
        shown.append((row["run"], row["stage"], row.get("outcome") or "", number, row.get("error") or ""))
    widths = [max(len(line[i]) for line in shown) for i in range(4)]
    for line in shown:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, [*widths, 0], strict=True))
        click.echo(printable(text.rstrip()))
    states = Counter(row.get("outcome") or row["stage"] for row in rows)
    trials, restarts, resumed = (
        sum(row.get(what) or 0 for row in rows) for what in ("trials", "restarts", "resumed_epochs")
    )
    click.echo(
        f"{', '.join(f'{count} {state}' for state, count in sorted(states.items()))}; {trials} trials, "
        f"{restarts} restarts, {resumed} epochs not trained again by them"
    )
