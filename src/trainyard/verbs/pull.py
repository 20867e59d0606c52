"""job1-pull: fetches the pushed commit into a new run, or goes on with an unfinished one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trainyard import config, policy, sources
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import check_repo_name, repo_name
from trainyard.policy import Policy, PolicyTable
from trainyard.runs import store
from trainyard.runs.files import SCHEMA, Stage
from trainyard.runs.state import RunState, timestamp
from trainyard.runs.store import Run
from trainyard.verbs.context import Context, working_on
from trainyard.verbs.remarks import remarks


@dataclass(frozen=True)
class Push:
    """What is to be fetched, as the job's parameters name it."""

    url: str
    repo: str = ""
    """Empty: made from the URL's last part."""
    branch: str = ""
    commit: str = ""
    policy: str = ""
    """`target=0.8 max_trials=4`: stronger than the repository's own `trainyard.toml`."""
    seed: int = 0
    executor: str = "auto"


def pull(context: Context, push: Push, *, again: bool) -> Run | None:
    """Makes a run of the pushed commit with its source beside it.

    Args:
        again: make a new run, or go on with an unfinished one, of a commit that was launched before.
            Without it such a commit is nothing new (the timer asks every minute), and the answer is None.

    Raises:
        TrainyardError: NOT_FOUND, UNKNOWN_COMMIT, BAD_CONFIG, DISK_FULL; the run is listed by `status` then.
    """
    sources.refuse_secrets(push.url)
    repo = check_repo_name(push.repo or repo_name(push.url))
    cache = context.home.git / f"{repo}.git"
    try:
        source = sources.resolve(push.url, push.branch, push.commit, cache)
    except TrainyardError as error:
        # a commit that could not be fetched has not had its run: the next attempt gets one
        commit = "" if error.code == ExitCode.NOT_FOUND else push.commit
        failed = _create(context, push, repo, push.url, commit)
        with working_on(context, failed):
            raise
    if source.dirty:
        context.say(f"warning: {push.url} has uncommitted changes; what is trained is {source.commit[:10]}.")
    run = _before(context, repo, source, again)
    if run is not None and not again and run.load().stage not in (Stage.PULLING, Stage.PULLED):
        return None
    if run is None:
        run = _create(context, push, repo, source.url, source.commit, dirty=source.dirty)
    with working_on(context, run):
        state = run.load()
        if state.stage == Stage.PULLING:
            sources.materialise(source, cache, run.source)
            state.policy = _policy(context, push, run)
            state.remarks = _remarks(context, run, source, cache)
            state.stage = Stage.PULLED
            run.save(state)
        chosen = run.load().policy
    if chosen.supersede != "none":
        from trainyard.verbs.supersede import supersede

        supersede(context, run)
    return run


def _create(context: Context, push: Push, repo: str, url: str, commit: str, *, dirty: bool = False) -> Run:
    now = timestamp()
    return store.create(
        context.home,
        RunState(
            schema=SCHEMA,
            id=store.new_id(commit),
            repo=repo,
            url=url,
            branch=push.branch,
            commit=commit,
            dirty=dirty,
            policy=Policy(),
            seed=push.seed,
            executor=push.executor,
            stage=Stage.PULLING,
            created=now,
            updated=now,
        ),
    )


def _policy(context: Context, push: Push, run: Run) -> Policy:
    host = context.config.policy
    written = config.repo_config(run.source).policy
    asked = (
        policy.parse_assignments(push.policy, "the job's policy") if push.policy.strip() else PolicyTable()
    )
    chosen = policy.resolve(
        ("the host's configuration", host), (config.REPO_FILE, written), ("the job's policy", asked)
    )
    # Pushed code may ask for less than the operator grants, never for more.
    granted = policy.resolve(("the host's configuration", host), ("the job's policy", asked))
    return msgspec.structs.replace(
        chosen,
        max_trials=min(chosen.max_trials, granted.max_trials),
        max_minutes=min(chosen.max_minutes, granted.max_minutes),
    )


def _remarks(context: Context, run: Run, source: sources.Source, cache: Path) -> list[str]:
    if not source.is_git:
        return []
    found = remarks(cache, source.commit, run.source, _trained_before(context, run))
    for remark in found:
        context.say(f"{run.key}: {remark}")
    return found


def _trained_before(context: Context, run: Run) -> str | None:
    """The commit of the newest older run of the same branch."""
    this = run.load()
    for older in reversed(store.all_runs(context.home, this.repo)):
        with contextlib.suppress(TrainyardError):
            state = older.load()
            if (
                older.path != run.path
                and state.commit
                and (state.url, state.branch) == (this.url, this.branch)
            ):
                return state.commit
    return None


def _before(context: Context, repo: str, source: sources.Source, again: bool) -> Run | None:
    """The newest run of that commit from that source; with `again` only an unfinished one."""
    for run in reversed(store.all_runs(context.home, repo)):
        try:
            state = run.load()
        except TrainyardError:
            continue
        same = state.commit == source.commit and state.url == source.url
        if same and not (again and state.stage == Stage.FINISHED):
            return run
    return None
