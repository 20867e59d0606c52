"""Run directories: making, finding, locking and listing them. This package knows no other part."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home
from trainyard.runs import state as st
from trainyard.runs.atomic import disk_full, is_disk_full, locked, write_atomic
from trainyard.runs.files import Metrics
from trainyard.runs.state import Failure, RunState, Verdict
from trainyard.runs.untrusted import read_plain, remove_tree

_T = TypeVar("_T")

MAX_TRIAL_FILE_BYTES = 64 * 2**20
"""A larger file of a trial's folder is taken for none."""


HELD = "TRAINYARD_CHAIN_HOLDS"
"""Set for the steps of a chain that holds the runs it walks; Jenkins holds nothing between two jobs."""


@dataclass(frozen=True)
class Trial:
    """One trial's folder: the one place that its training may write to, so nothing in it is trusted."""

    path: Path
    number: int

    @property
    def metrics(self) -> Metrics | None:
        """What the harness wrote; None where it wrote nothing readable (it never got that far)."""
        return self._harness_file("metrics.json", Metrics)

    @property
    def architecture(self) -> dict[str, object]:
        return self._harness_file("architecture.json", dict) or {}

    @property
    def history(self) -> bytes:
        """`history.csv`; empty where there is none."""
        return read_plain(self.path / "history.csv", MAX_TRIAL_FILE_BYTES) or b""

    @property
    def log(self) -> bytes:
        """`log.txt`; empty where there is none."""
        return read_plain(self.path / "log.txt", MAX_TRIAL_FILE_BYTES) or b""

    def write(self, name: str, value: msgspec.Struct) -> None:
        self.put(name, st.encode(value))

    def put(self, name: str, data: bytes) -> None:
        """Writes a file of the controller's, whatever the training put in its place."""
        path = self.path / name
        self.path.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        write_atomic(path, data)

    def settle(self) -> None:
        """Makes an ended training's folder harmless: its owner may enter, and no program in it sets ids."""
        if self.path.is_dir():
            self.path.chmod(0o755)
            ids = ["-xdev", "(", "-type", "f", "-o", "-type", "d", ")", "-perm", "/6000"]
            command = ["find", "-P", str(self.path), *ids, "-exec", "chmod", "ug-s", "{}", "+"]
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def _harness_file(self, name: str, kind: type[_T]) -> _T | None:
        data = read_plain(self.path / name, MAX_TRIAL_FILE_BYTES)
        try:
            return msgspec.json.decode(data, type=kind) if data is not None else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


@dataclass(frozen=True)
class Run:
    """One run directory."""

    path: Path

    @property
    def key(self) -> str:
        """`<repo>/<run-id>`: what verbs take as --run."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def source(self) -> Path:
        return self.path / "source"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def build_log(self) -> Path:
        return self.path / "image-build.log"

    @property
    def stopping(self) -> Failure | None:
        """What the run is to end with, once somebody asked for its end; whoever holds it sees to that."""
        path = self.path / "stop.json"
        return st.read(path, Failure) if path.exists() else None

    def stop(self, failure: Failure) -> None:
        """Asks for the run's end."""
        st.write(self.path / "stop.json", failure)

    def load(self) -> RunState:
        return st.read(self.path / "run.json", RunState)

    def save(self, state: RunState) -> None:
        state.updated = st.timestamp()
        st.write(self.path / "run.json", state)

    def trial(self, number: int) -> Trial:
        return Trial(self.path / "trials" / f"{number:03d}", number)

    def verdict(self) -> Verdict:
        return st.read(self.path / "verdict.json", Verdict)

    @contextlib.contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Held by a verb while it works on this run; BUSY for a second one, after `patience` seconds."""
        with locked(self.path / ".lock", f"run {self.key}", patience):
            yield

    @contextlib.contextmanager
    def chain_lock(self, patience: float = 0.0) -> Iterator[None]:
        """Held by an embedded chain as long as it walks this run, between its verbs too."""
        with locked(self.path / ".chain", f"run {self.key}", patience):
            yield


def create(home: Home, state: RunState) -> Run:
    """Makes the run's folder with its first run.json; the id gets a suffix where it is taken."""
    base = state.id
    for suffix in range(1, 1000):
        run = Run(home.runs / state.repo / state.id)
        try:
            run.path.mkdir(parents=True)
        except FileExistsError:
            state.id = f"{base}-{suffix + 1}"
            continue
        except OSError as error:
            raise unwritable(run.path, error) from error
        run.save(state)
        return run
    raise TrainyardError(ExitCode.BUSY, f"{base}: a thousand runs in one millisecond.", "Run it again.")


def unwritable(path: Path, error: OSError) -> TrainyardError:
    """What to say when the state home cannot be written."""
    if is_disk_full(error):
        return disk_full(path)
    return TrainyardError(
        ExitCode.BAD_CONFIG,
        f"{path}: {error.strerror}.",
        "Choose another folder with --home or TRAINYARD_HOME.",
    )


def new_id(commit: str) -> str:
    """A run's id: UTC time to the millisecond, then the commit's first ten letters and digits.

    Sorts by time: two pushes within a second must not be told apart by their commits' digits.
    """
    plain = re.sub(r"[^0-9A-Za-z]", "", commit.removeprefix("content-"))[:10]
    at = dt.datetime.now(dt.UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z-{plain or 'unknown'}"


def all_runs(home: Home, repo: str | None = None) -> list[Run]:
    """Every run directory, oldest first, readable or not."""
    folders = [home.runs / repo] if repo else sorted(p for p in _folders(home.runs))
    runs = [Run(path) for folder in folders for path in _folders(folder)]
    return sorted(runs, key=lambda run: (run.path.name, run.key))


def find(home: Home, text: str) -> Run:
    """The run that `text` names: `repo/id`, an id or its unique beginning, a repo's name, or `latest`.

    Raises:
        TrainyardError: NOT_FOUND where none or several match.
    """
    runs = all_runs(home)
    exact = [run for run in runs if text in (run.key, run.path.name)]
    if len(exact) == 1:
        return exact[0]
    if text == "latest" and runs:
        return runs[-1]
    if of_repo := [run for run in runs if run.path.parent.name == text]:
        return of_repo[-1]
    matches = [run for run in runs if text and (run.key.startswith(text) or run.path.name.startswith(text))]
    if len(matches) == 1:
        return matches[0]
    what = "matches several runs" if matches else "is not a run"
    raise TrainyardError(ExitCode.NOT_FOUND, f"{text!r} {what}.", "`trainyard status` lists them.")


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    except FileNotFoundError:
        return []
