"""Where a training finds its source and leaves its results, and what it is asked to do."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainyard_harness.files import read_json

SCHEMA = 1


class HarnessError(Exception):
    """A failure to say in one line; `code` is the exit code of the harness."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Trial:
    """The folders of one training.

    Attributes:
        source: the pushed code, read-only.
        folder: the one folder that the training writes to.
        parent: the trial whose trained weights are inherited, read-only.
        by_hand: nobody gave a trial folder, so results are printed as well.
    """

    source: Path
    folder: Path
    parent: Path | None
    by_hand: bool = False

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.json"

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def architecture(self) -> Path:
        return self.folder / "architecture.json"


def from_environment() -> Trial:
    """The folders named by TRAINYARD_SOURCE, TRAINYARD_TRIAL and TRAINYARD_PARENT, or their defaults."""
    source = Path(os.environ.get("TRAINYARD_SOURCE") or "/src").resolve()
    if not source.is_dir():
        raise HarnessError(f"{source} is not a folder: mount the code there, or set TRAINYARD_SOURCE.")
    parent = _folder("TRAINYARD_PARENT", "/parent")
    folder = _folder("TRAINYARD_TRIAL", "/trial")
    if folder is not None and os.access(folder, os.W_OK):
        return Trial(source, folder, parent)
    if os.environ.get("TRAINYARD_TRIAL"):
        raise HarnessError(f"{os.environ['TRAINYARD_TRIAL']} (TRAINYARD_TRIAL) is not a folder to write to.")
    return Trial(source, Path(tempfile.mkdtemp(prefix="trainyard-")), parent, by_hand=True)


def _folder(variable: str, default: str) -> Path | None:
    path = Path(os.environ.get(variable) or default)
    return path.resolve() if path.is_dir() else None


@dataclass(frozen=True)
class Job:
    """`job.json`, with the defaults of a training started by hand."""

    entry: str | None = None
    argv: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    seed: int = 0
    holdout: float = 0.2
    task: str | None = None
    metric: str = "auto"
    target: float | None = None


def read_job(trial: Trial) -> Job:
    """`job.json`, or the defaults where it is absent.

    Raises:
        HarnessError: it is there and torn, or of a newer schema.
    """
    wanted = _read(trial.folder / "job.json")
    known = {name: wanted[name] for name in Job.__dataclass_fields__ if wanted.get(name) is not None}
    return Job(**known)


def read_spec(trial: Trial) -> dict[str, Any]:
    """`spec.json` (`trial`, `parent`, `moves`), or trial 0 without moves where it is absent."""
    spec = _read(trial.folder / "spec.json")
    return {"trial": spec.get("trial", 0), "parent": spec.get("parent"), "moves": spec.get("moves") or []}


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    value = read_json(path)
    if value is None:
        raise HarnessError(f"{path} is torn: it is not a JSON object.")
    if value.get("schema", SCHEMA) > SCHEMA:
        raise HarnessError(f"{path} has schema {value['schema']}; this image knows up to {SCHEMA}.")
    return value
