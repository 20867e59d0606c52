"""A job's folder on disk: workspaces, numbered builds, archived files.

```
chain/<job>/workspace/         @2, @3, ... for builds that run beside it, as Jenkins names them
chain/<job>/builds/<number>/   log  step1.sh  archive/
```
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.atomic import disk_full, locked

_CHUNK = 1 << 20


@contextlib.contextmanager
def held(job: Path) -> Iterator[Path]:
    """The job's first workspace that no running build has; it stays this build's until the block ends."""
    with contextlib.ExitStack() as stack:
        number = 1
        while True:
            workspace = job / ("workspace" if number == 1 else f"workspace@{number}")
            try:
                stack.enter_context(locked(job / f"{workspace.name}.lock", workspace.name))
                break
            except TrainyardError as error:
                if error.code is not ExitCode.BUSY:
                    raise
                number += 1
            except OSError as error:
                raise _unusable(job, error) from error
        _make(workspace)
        yield workspace


def new_build(job: Path) -> tuple[int, Path]:
    """The next build's number and its new folder."""
    builds = job / "builds"
    _make(builds)
    number = max(_numbers(builds), default=0)
    while True:
        number += 1
        try:
            (builds / str(number)).mkdir()
        except FileExistsError:
            continue  # another chain took it in this moment
        except OSError as error:
            raise _unusable(builds, error) from error
        return number, builds / str(number)


def discard(job: Path, latest: int, kept: int | None) -> None:
    """Removes all but the last `kept` builds up to `latest`; None keeps them all."""
    if kept is None:
        return
    for number in _numbers(job / "builds"):
        if number <= latest - kept:
            import shutil

            shutil.rmtree(job / "builds" / str(number), ignore_errors=True)


def copy_matching(workspace: Path, patterns: Sequence[str], target: Path) -> int:
    """Copies the regular files below `workspace` that match one of the Ant `patterns`; returns how many."""
    matchers = [ant_pattern(pattern) for pattern in patterns]
    count = 0
    for folder, _, names in os.walk(workspace):
        for name in names:
            path = Path(folder) / name
            relative = path.relative_to(workspace).as_posix()
            if path.is_symlink() or not any(matcher.fullmatch(relative) for matcher in matchers):
                continue
            copy = target / relative
            _make(copy.parent)
            try:
                with path.open("rb") as source, copy.open("wb") as file:
                    while chunk := source.read(_CHUNK):
                        file.write(chunk)
            except OSError as error:
                raise _unusable(copy, error) from error
            count += 1
    return count


def ant_pattern(pattern: str) -> re.Pattern[str]:
    """Ant's path patterns: `?` and `*` stay inside one name, `**` spans folders, `x/` means `x/**`."""
    if pattern.endswith("/"):
        pattern += "**"
    tokens = re.findall(r"\*\*/|/\*\*$|\*\*|\*|\?|[^*?/]+|/", pattern)
    meaning = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(token, re.escape(token)) for token in tokens))


def _numbers(builds: Path) -> list[int]:
    try:
        return [int(name) for name in os.listdir(builds) if name.isdecimal()]  # noqa: PTH208  # names only
    except FileNotFoundError:
        return []


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(path: Path, error: OSError) -> TrainyardError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path)
    return TrainyardError(
        ExitCode.CHAIN, f"{path}: {error.strerror}.", "Set TRAINYARD_HOME to a folder that can be written."
    )
