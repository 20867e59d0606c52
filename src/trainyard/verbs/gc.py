"""`trainyard gc`: what nothing needs any more, found and, when told so, removed. Champions stay."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.config import KeepTable
from trainyard.executors import records
from trainyard.executors.names import safe_name
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import state as st
from trainyard.runs import store
from trainyard.runs.files import Stage
from trainyard.runs.state import RunState
from trainyard.runs.store import Run
from trainyard.runs.untrusted import remove_tree
from trainyard.serve.view import living
from trainyard.verbs.context import Context
from trainyard.verbs.finish import Champion

if TYPE_CHECKING:
    from trainyard.executors.docker import DockerExecutor

DAY = 86400.0
_GONE = ".gone-"
"""A run's folder is renamed to this before it is removed, so that half a run is never listed."""
_OLD_SECONDS = 3600.0
"""What a killed process left of a file is that old before it is taken for left behind."""


@dataclass(frozen=True)
class Item:
    """One thing that is not needed."""

    kind: str
    """`container`, `image`, `run`, `training`, `harness`, `environment` or `leftover`."""
    name: str
    why: str
    where: Path | str
    """Its folder or file, or the engine's name for it."""


@dataclass
class _Held:
    """What is needed, and why the rest is not."""

    attempts: set[str] = field(default_factory=set)
    """Names of trainings that are under way, and of those that hold what is served."""
    images: set[str] = field(default_factory=set)
    """References of runs that are kept."""
    old: list[Run] = field(default_factory=list)


def survey(context: Context, keep: KeepTable) -> list[Item]:
    """Everything that nothing needs any more; removes nothing.

    A run is needed while it is under way, is its repo's champion, cannot be read, is among the newest
    `keep.runs` of its repo, or is younger than `keep.days`.
    """
    held = _held(context, keep)
    items = [Item("run", run.key, "older than the policy keeps", run.path) for run in held.old]
    items += _files(context)
    items += _processes(context, held, st.now() - keep.days * DAY)
    with contextlib.suppress(TrainyardError):  # a host without an engine
        items += _engine(context, held, st.now() - keep.days * DAY)
    return items


def collect(context: Context, items: list[Item]) -> list[Item]:
    """Removes what `survey` found; those that could not be removed, because something began to use them."""
    return [item for item in items if not _remove(context, item)]


def _held(context: Context, keep: KeepTable) -> _Held:
    held = _Held(attempts=living(context.home))
    champions = set()
    for path in sorted(context.home.path.glob("champions/*.json")):
        champion = st.read(path, Champion)
        champions.add(champion.run)
        held.images.add(champion.image)
    newest: dict[str, int] = {}
    for run in reversed(store.all_runs(context.home)):
        try:
            state = run.load()
        except TrainyardError:
            continue
        finished = state.stage == Stage.FINISHED
        newest[state.repo] = newest.get(state.repo, 0) + finished
        young = st.now() - st.parse(state.updated) < keep.days * DAY
        if finished and run.key not in champions and newest[state.repo] > keep.runs and not young:
            held.old.append(run)
            continue
        held.images.add(state.image or "")
        if not finished:
            held.attempts |= _under_way(state)
    return held


def _under_way(state: RunState) -> set[str]:
    return {trial.attempts[-1].name for trial in state.trials if trial.attempts}


def _files(context: Context) -> Iterator[Item]:
    for path in sorted(context.home.runs.glob("*/.gone-*")):
        yield Item("leftover", path.name, "left of a removed run", path)
    for run in store.all_runs(context.home):
        for path in sorted(run.path.glob(".*.json.*-*")):
            with contextlib.suppress(FileNotFoundError):
                if st.now() - path.lstat().st_mtime > _OLD_SECONDS:
                    yield Item("leftover", f"{run.key}/{path.name}", "left of a write that was killed", path)


def _processes(context: Context, held: _Held, before: float) -> Iterator[Item]:
    from trainyard.images.content import harness_hash
    from trainyard.images.venvs import parts_of, unused

    home = context.home.path
    wanted = {safe_name(name) for name in held.attempts}
    for folder in sorted([*home.glob("processes/*"), *home.glob("doors/*")]):
        if folder.name not in wanted and not records.is_locked(folder / records.ALIVE):
            yield Item("training", folder.name, "its run is over", folder)
    needed = [parts_of(image) for image in held.images]
    harnesses = {harness_hash(), *(harness for _, harness in needed)}
    for folder in sorted(home.glob("harness/[0-9a-f]*")):
        if folder.name not in harnesses:
            yield Item("harness", folder.name, "no run that is kept was made with it", folder)
    for folder in unused(home, {venv for venv, _ in needed}, before):
        yield Item("environment", folder.name, "no run that is kept was made with it", folder)


def _engine(context: Context, held: _Held, before: float) -> Iterator[Item]:
    docker = _docker(context)
    for number, name in docker.orphans(held.attempts):
        yield Item("container", name, "belongs to no run that is under way", number)
    for image in docker.unused_images(held.images, before):
        size = f"{image.size / 1e6:.0f} MB with what it shares"
        yield Item("image", image.tag, f"no run that is kept was made with it; {size}", image.tag)


def _docker(context: Context) -> DockerExecutor:
    from trainyard.executors.docker import DockerExecutor

    found = context.executor("docker")
    assert isinstance(found, DockerExecutor)  # noqa: S101 - that is what the name says
    return found


def _remove(context: Context, item: Item) -> bool:
    if item.kind == "container":
        return _docker(context).forget(container=str(item.where))
    if item.kind == "image":
        return _docker(context).forget(image=str(item.where))
    path = Path(item.where)
    if item.kind == "run":
        try:
            with Run(path).lock():
                path = path.rename(path.with_name(f"{_GONE}{path.name}"))
        except TrainyardError as error:
            if error.code != ExitCode.BUSY:
                raise
            return False
    if item.kind == "environment":
        from trainyard.images.venvs import STAMP

        (path / STAMP).unlink(missing_ok=True)  # first: half an environment is made anew
    if path.is_dir():
        remove_tree(path)
    else:
        path.unlink(missing_ok=True)
    return not path.exists()
