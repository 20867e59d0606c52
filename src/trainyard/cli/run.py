"""`trainyard run`: the whole chain here and now."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import click

from trainyard.chain.execute import ChainResult
from trainyard.chain.walk import RepoJobs, walk
from trainyard.cli.jobs import executor_option, seed_option
from trainyard.cli.output import answer, context, json_option
from trainyard.cli.summary import summary
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home, repo_name
from trainyard.runs import store
from trainyard.runs.files import Outcome, Stage
from trainyard.runs.state import Verdict, now, parse
from trainyard.runs.store import Run
from trainyard.verbs.context import Context

_EXITS = {
    Outcome.PROMOTED: ExitCode.OK,
    Outcome.CANDIDATE: ExitCode.BELOW_TARGET,
    Outcome.REFUSED: ExitCode.REFUSED,
}


@click.command()
@click.argument("path_or_url")
@click.option("--name", default="", help="The repo's name (default: the last part of PATH_OR_URL).")
@click.option("--branch", default="", help="Branch of a git repository (default: its HEAD).")
@click.option("--commit", default="", help="Commit of a git repository (default: the branch's head).")
@click.option("--policy", default="", help="Such as 'preset=tweak-below-80' or 'target=0.95 max_trials=4'.")
@seed_option
@executor_option
@json_option
def run(
    *,
    path_or_url: str,
    name: str,
    branch: str,
    commit: str,
    policy: str,
    seed: int,
    executor: str | None,
    as_json: bool,
) -> None:
    """Walk the six jobs on PATH_OR_URL, here and now.

    A git repository runs its HEAD; a plain folder is snapshotted and named by its content. A run that was
    killed goes on where it was. Exit code 0: promoted; 10: candidate; 11: refused; others: failed.
    """
    here = context()
    local = Path(path_or_url)
    url = str(local.absolute()) if "://" not in path_or_url and local.exists() else path_or_url
    repo = name or _free_name(here.home, url)
    began = now()
    parameters = {"COMMIT": commit, "AGAIN": "yes"}
    env = {"TRAINYARD_SEED": str(seed), "TRAINYARD_EXECUTOR": executor or here.config.executor}
    jobs = RepoJobs(name=repo, url=url, branch=branch, policy=policy)
    result = walk(here.home, jobs, "job1-pull", parameters, env, say=here.say)
    if result.signal is not None:
        here.say(
            "trainyard: interrupted; what trains goes on: "
            "the same command follows it, `trainyard stop` ends it."
        )
        sys.exit(128 + result.signal)
    done = _run_of(here.home, repo, result, began)
    if done is None or done.load().stage != Stage.FINISHED:
        raise _unfinished(done, result)
    verdict = done.verdict()
    answer(verdict, summary(verdict, color=sys.stdout.isatty()), as_json)
    code = verdict.failure.code if verdict.failure else _EXITS.get(verdict.outcome, ExitCode.NO_METRIC)
    sys.exit(int(code))


def take_up(here: Context, run: Run) -> Verdict | None:
    """Walks the chain on for a run that stands still; its verdict if it came to one."""
    state = run.load()
    jobs = RepoJobs(name=state.repo, url=state.url, branch=state.branch)
    env = {"TRAINYARD_SEED": str(state.seed), "TRAINYARD_EXECUTOR": state.executor}
    if state.stage == Stage.PULLING:
        walk(here.home, jobs, "job1-pull", {"COMMIT": state.commit, "AGAIN": "yes"}, env, say=here.say)
    else:
        walk(here.home, jobs, "job2-launch", {"RUN": run.key}, env, say=here.say)
    if run.load().stage != Stage.FINISHED:
        return None
    verdict = run.verdict()
    here.say(summary(verdict, color=sys.stderr.isatty()))
    return verdict


def _free_name(home: Home, url: str) -> str:
    """The last part of `url`; with a short hash of it where another source has that name already."""
    name = repo_name(url)
    for run in reversed(store.all_runs(home, name)):
        try:
            if run.load().url != url:
                return f"{name[:57]}-{hashlib.sha256(url.encode()).hexdigest()[:6]}"
        except TrainyardError:
            continue
        return name
    return name


def _run_of(home: Home, repo: str, result: ChainResult, began: float) -> Run | None:
    for build in reversed(result.builds):
        if key := build.parameters.get("RUN"):
            return store.find(home, key)
    for run in reversed(store.all_runs(home, repo)):  # job1 failed: it handed nothing on
        try:
            if parse(run.load().created) >= began - 1:
                return run
        except TrainyardError:
            continue
    return None


def _unfinished(run: Run | None, result: ChainResult) -> TrainyardError:
    code = result.builds[-1].exit_code if result.builds else ExitCode.CHAIN
    try:
        known = ExitCode(code)
    except ValueError:
        known = ExitCode.CHAIN
    which = f"run {run.key}" if run else "the run"
    job = result.builds[-1].job if result.builds else "the chain"
    hint = (
        "`trainyard monitor` takes it up again." if known == ExitCode.DIED else "Run the same command again."
    )
    return TrainyardError(
        known, f"{which} is unfinished: {job} ended with exit code {code} (see above).", hint
    )
