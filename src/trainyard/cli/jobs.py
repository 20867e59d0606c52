"""The verbs that the Jenkins jobs call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from trainyard.cli.output import answer, context, json_option
from trainyard.exits import ExitCode
from trainyard.log import bind
from trainyard.runs import store
from trainyard.runs.atomic import write_atomic
from trainyard.runs.files import Outcome
from trainyard.runs.store import Run
from trainyard.verbs.context import Context, hand_on

_properties = click.option(
    "--properties",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Property file for the next job (RUN=...); absent afterwards where no job is to follow.",
)
_run = click.option("--run", "run_name", required=True, metavar="RUN", help="The run: repo/id, or an id.")

seed_option = click.option(
    "--seed",
    type=int,
    default=0,
    envvar="TRAINYARD_SEED",
    show_default=True,
    show_envvar=True,
    help="Seed of everything random.",
)
executor_option = click.option(
    "--executor",
    type=click.Choice(["auto", "docker", "process"]),
    envvar="TRAINYARD_EXECUTOR",
    show_envvar=True,
    help="Where trainings run (default: the host's configuration).",
)


_archive = click.option(
    "--archive",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for verdict.json and report.html once the run is over.",
)


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What the options of launch to retrain say alike."""

    run_name: str
    properties: Path | None
    archive: Path | None
    as_json: bool

    def do(self, work: Callable[[Context, Run], bool | None]) -> None:
        """Finds the run, works on it, and hands it on unless `work` says that no job follows (False)."""
        hand_on(self.properties, None)
        here = context()
        run = store.find(here.home, self.run_name)
        bind(run=run.key)
        try:
            if work(here, run) is not False:
                hand_on(self.properties, run)
        finally:
            if self.archive is not None:
                _copy_result(run, self.archive)
        _answer(run, self.as_json)


def _answer(run: Run | None, as_json: bool) -> None:
    if not as_json:
        return
    state = run.load() if run else None
    answer(
        {
            "run": run.key if run else None,
            "stage": state.stage if state else None,
            "outcome": state.outcome if state else None,
            "trial": len(state.trials) - 1 if state and state.trials else None,
        },
        "",
        as_json,
    )


@click.command()
@click.option("--repo", default="", help="The repo's name (default: the URL's last part).")
@click.option("--url", required=True, help="A path or git URL.")
@click.option("--branch", default="", help="The watched branch (default: the remote's HEAD).")
@click.option("--commit", default="", help="A commit of it (default: the branch's head).")
@click.option("--policy", default="", help="Such as 'target=0.8 max_trials=4'.")
@seed_option
@executor_option
@click.option(
    "--again",
    type=click.Choice(["yes", "no"]),
    default="no",
    show_default=True,
    help="Whether a commit that has had its run gets another one.",
)
@_properties
@json_option
def pull(*, properties: Path | None, again: str, executor: str | None, as_json: bool, **push: Any) -> None:
    """Fetch the pushed commit into a new run (job1)."""
    from trainyard.verbs.pull import Push
    from trainyard.verbs.pull import pull as do

    hand_on(properties, None)
    here = context()
    run = do(here, Push(executor=executor or here.config.executor, **push), again=again == "yes")
    if run is None:
        here.say(f"{push['url']}: nothing new.")
    else:
        here.say(f"{run.key}: pulled {run.load().commit[:18]}.")
        hand_on(properties, run)
    _answer(run, as_json)


@click.command()
@_run
@_properties
@_archive
@json_option
def launch(**options: Any) -> None:
    """Read the code, choose its image, start the training (job2)."""
    from trainyard.verbs.launch import launch as do

    _Job(**options).do(do)


@click.command()
@_run
@_properties
@_archive
@json_option
def evaluate(**options: Any) -> None:
    """Follow the training, take its metric, apply the gate (job3).

    Exit code 0: at the target. 10: below it, to be tweaked.
    """
    from trainyard.verbs.evaluate import evaluate as do
    from trainyard.verbs.follow import Follower

    reached = False

    def work(here: Context, run: Run) -> None:
        nonlocal reached
        plain = options["as_json"]
        out = None if plain else sys.stdout.buffer
        reached = do(here, run, Follower(out, terminal=sys.stderr.isatty() and not plain))

    _Job(**options).do(work)
    if not reached:
        sys.exit(ExitCode.BELOW_TARGET)


@click.command()
@_run
@_properties
@_archive
@json_option
def tweak(**options: Any) -> None:
    """Diagnose the trial and write the next spec (job4)."""
    from trainyard.verbs.tweak import tweak as do

    _Job(**options).do(do)


@click.command()
@_run
@_properties
@_archive
@json_option
def retrain(**options: Any) -> None:
    """Start the next trial, or end the run with its verdict (job5).

    Exit code 10: the run is over and ended below its target.
    """
    from trainyard.verbs.retrain import retrain as do

    ended_below = False

    def work(here: Context, run: Run) -> bool:
        nonlocal ended_below
        again = do(here, run)
        ended_below = not again and run.verdict().outcome != Outcome.PROMOTED
        return again

    _Job(**options).do(work)
    if ended_below:
        sys.exit(ExitCode.BELOW_TARGET)


@click.command()
@click.option("--repo", help="Only this repo's runs.")
@_properties
@json_option
def monitor(*, repo: str | None, properties: Path | None, as_json: bool) -> None:
    """Start what died again, from its last checkpoint, and finish what stands still (job6).

    With --properties (under Jenkins) one run a call is handed to job2; without, the chain is walked here.
    """
    from trainyard.serve import safety
    from trainyard.verbs import monitor as verb

    hand_on(properties, None)
    here = context()
    if properties is not None:
        held = store.HELD in os.environ
        found = verb.look_until_due(here, repo) if held else verb.monitor(here, repo, patient=True)
        for finding in found:
            finding.tell(here)
        hand_on(properties, next((f.run for f in found if f.resume), None))
    else:
        from trainyard.cli.run import take_up

        found = verb.heal(here, repo, lambda run: take_up(here, run))
    troubles = safety.look(here, repo)
    for trouble in troubles:
        here.say(f"{trouble.run}: {trouble.action}")
    if not found and not troubles:
        here.say("nothing to heal.")
    if as_json:
        rows = [{"run": f.run.key, "action": f.action, "resumed": f.resume} for f in found]
        rows += [{"run": t.run, "action": t.action, "resumed": False} for t in troubles]
        answer(rows, "", as_json)


@click.command()
@click.argument("run_name", metavar="RUN")
@json_option
def stop(*, run_name: str, as_json: bool) -> None:
    """End a run: its training is stopped and nothing more is started."""
    from trainyard.verbs.stop import stop as do

    here = context()
    run = store.find(here.home, run_name)
    do(here, run)
    _answer(run, as_json)


def _copy_result(run: Run, folder: Path) -> None:
    for name in ("verdict.json", "report.html"):
        kept = run.path / name
        if kept.is_file():
            write_atomic(folder / name, kept.read_bytes())
        else:
            (folder / name).unlink(missing_ok=True)
