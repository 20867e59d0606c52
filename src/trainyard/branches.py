"""A patch as a branch of the watched repository: `trainyard/<run>`, on top of the commit that was trained."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from trainyard.git import git

PREFIX = "trainyard/"
"""All branches that this program ever pushes to begin with it."""

_AUTHOR = {
    "GIT_AUTHOR_NAME": "Trainyard",
    "GIT_AUTHOR_EMAIL": "trainyard@localhost",
    "GIT_COMMITTER_NAME": "Trainyard",
    "GIT_COMMITTER_EMAIL": "trainyard@localhost",
}


def push(
    url: str, cache: Path, commit: str, run: str, files: Mapping[str, bytes], message: str, date: str
) -> str:
    """Commits changed files on top of `commit` and pushes that as a branch of its own.

    Args:
        url: the watched repository.
        cache: the bare repository that holds `commit`.
        run: the run's id; the branch is `trainyard/<run>`. Pushed twice it is the same commit.
        files: new contents by path. The paths exist in `commit`, and keep their modes.
        date: of the commit, ISO 8601.

    Returns:
        The branch's name.

    Raises:
        TrainyardError: git's refusal, in one line.
    """
    branch = f"{PREFIX}{run}"
    made = _commit(cache, commit, files, message, date)
    git(["push", "--quiet", "--force", "--", url, f"{made}:refs/heads/{branch}"], cwd=cache)
    return branch


def _commit(cache: Path, commit: str, files: Mapping[str, bytes], message: str, date: str) -> str:
    with tempfile.TemporaryDirectory(prefix="trainyard-index-") as folder:
        extra = {
            **_AUTHOR,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
            "GIT_INDEX_FILE": f"{folder}/index",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        git(["read-tree", commit], cwd=cache, extra=extra)
        for path, content in sorted(files.items()):
            listed = git(
                ["ls-files", "--stage", "-z", "--", f":(literal){path}"], cwd=cache, extra=extra
            ).stdout
            mode = listed.split(b" ", 1)[0].decode()
            blob = _said(["hash-object", "-w", "--stdin"], cache, extra, content)
            git(["update-index", "--cacheinfo", f"{mode},{blob},{path}"], cwd=cache, extra=extra)
        tree = _said(["write-tree"], cache, extra)
        return _said(["commit-tree", tree, "-p", commit], cache, extra, message.encode())


def _said(arguments: list[str], cache: Path, extra: dict[str, str], given: bytes | None = None) -> str:
    return git(arguments, cwd=cache, extra=extra, given=given).stdout.decode().strip()
