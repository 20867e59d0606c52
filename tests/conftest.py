"""What tests share: state homes, the command as a process, small repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A test is not wrong because the machine is slow, and not right by the luck of its examples.
settings.register_profile("same everywhere", deadline=None, derandomize=True, database=None)
settings.load_profile("same everywhere")
TOP = Path(__file__).resolve().parent.parent
EXAMPLES = TOP / "examples"
COMMAND = Path(sys.executable).with_name("trainyard")


@dataclass(frozen=True)
class Answer:
    """What one call of the command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on stderr that says what went wrong."""
        return next(line for line in reversed(self.err.splitlines()) if line.startswith("trainyard:"))


@dataclass(frozen=True)
class Yard:
    """A state home, and the command working in it."""

    home: Path
    executor: str

    def __call__(self, *arguments: str | Path, **environment: str) -> Answer:
        done = subprocess.run(
            [str(COMMAND), *map(str, arguments)],
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "/trainyard/cli/" not in done.stderr, done.stderr  # a traceback of our own, not of a script
        return Answer(done.returncode, done.stdout, done.stderr)

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "TRAINYARD_HOME": str(self.home),
            "TRAINYARD_EXECUTOR": self.executor,
            "TRAINYARD_CONFIG": str(self.home / "config.toml"),
            **more,
        }

    def run_state(self, key: str) -> Any:
        return json.loads((self.home / "runs" / key / "run.json").read_text())


@pytest.fixture(scope="session")
def shared_venvs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The process executor's environments: made once, kept between sessions like any cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "trainyard" / "test-venvs"
    cache.mkdir(parents=True, exist_ok=True)
    return cache


@pytest.fixture
def make_yard(tmp_path: Path, shared_venvs: Path) -> Iterator[Callable[..., Yard]]:
    """Makes yards: `make_yard("process")`, with the text of the host's configuration if wanted."""

    def make(executor: str, config: str = "", home: Path | None = None) -> Yard:
        path = home or tmp_path / "home"
        path.mkdir(exist_ok=True)
        if not (path / "venvs").exists():
            (path / "venvs").symlink_to(shared_venvs)
        (path / "config.toml").write_text(config)
        return Yard(path, executor)

    yield make


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def yard(request: pytest.FixtureRequest, make_yard: Callable[..., Yard]) -> Yard:
    """A yard on each executor in turn."""
    return make_yard(request.param)


@pytest.fixture
def process_yard(make_yard: Callable[..., Yard]) -> Yard:
    return make_yard("process")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a plain folder of files: `folder("name", {"train.py": "..."})`."""

    def make(name: str, files: dict[str, str]) -> Path:
        for file, text in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / name

    return make
