"""The state home: every path that Trainyard keeps anything under, in one place."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from trainyard.exits import ExitCode, TrainyardError

REPO_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def default_home() -> Path:
    """`$TRAINYARD_HOME`, else the user's XDG state folder."""
    if named := os.environ.get("TRAINYARD_HOME"):
        return Path(named).absolute()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "trainyard"


def repo_name(text: str) -> str:
    """A repo's name made from a path's or URL's last part: letters, digits, dot, dash, underscore."""
    last = text.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1].removesuffix(".git")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._")[:64]
    return name or "repo"


def check_repo_name(name: str) -> str:
    """Returns `name` if it can safely be a folder and a job name.

    Raises:
        TrainyardError: BAD_CONFIG.
    """
    if not REPO_NAME.fullmatch(name):
        raise TrainyardError(
            ExitCode.BAD_CONFIG,
            f"{name!r} cannot be a repo's name.",
            "Use letters, digits, dot, dash and underscore, at most 64, starting with a letter or digit.",
        )
    return name


@dataclass(frozen=True)
class Home:
    """The folders below the state home."""

    path: Path

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    @property
    def git(self) -> Path:
        """Bare caches of watched repositories, so that a push fetches only what is new."""
        return self.path / "git"

    @property
    def watch(self) -> Path:
        """What the watcher knows of its remotes."""
        return self.path / "watch"

    @property
    def serve(self) -> Path:
        """What the serving service shows, and a folder for each container that it holds."""
        return self.path / "serve"

    def champion(self, repo: str) -> Path:
        """The file that names the model which `repo` serves."""
        return self.path / "champions" / f"{repo}.json"
