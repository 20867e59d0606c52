"""What an executor is: it starts a training in an image, says how it is, and stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

NETWORKS = ("none", "datasets", "full")


class Status(StrEnum):
    """How a training is, as far as its executor can tell."""

    RUNNING = "running"
    EXITED = "exited"
    """It ended by itself; `exit_code` says how."""
    OUT_OF_MEMORY = "out-of-memory"
    """It was killed for using more than `memory`."""
    DIED = "died"
    """Killed from outside, or its machine went away: start it again."""
    ABSENT = "absent"
    """Never started, or nothing is left of it."""


@dataclass(frozen=True)
class State:
    status: Status
    exit_code: int | None = None
    detail: str = ""
    """One sentence for a person: the signal, the limit, the peak."""


@dataclass(frozen=True)
class Limits:
    """What one training may use. Set by the host's operator, never by pushed code."""

    memory: int = 4 * 2**30
    """Bytes."""
    cpus: float = 2.0
    pids: int = 512
    network: str = "none"
    """One of NETWORKS."""
    disk: int = 10 * 2**30
    """Bytes that all trials of a run, and its repo's datasets, may keep on disk together."""
    hosts: tuple[str, ...] = ()
    """What the network `datasets` reaches: names, or patterns with `*`; with `:port` where it is unusual."""
    networks: tuple[str, ...] = ()
    """Private networks that those may be in."""
    cache: str = ""
    """The repo whose datasets a training with that network shares."""


@dataclass(frozen=True)
class Training:
    """One attempt at one trial, ready to be started.

    Attributes:
        name: unique for run, trial and attempt; starting the same name twice starts nothing.
        image: the catalogue's name of the image (`keras`, `sklearn`, ...), or a derived image's tag.
        source: the checkout; the training sees it read-only.
        trial: the one folder that the training may write to; None where there is to be none.
        parent: the trial folder whose weights are inherited, read-only; None where there is none.
        labels: marks that `monitor` finds its containers by (`trainyard.run`, `trainyard.trial`, ...).
    """

    name: str
    image: str
    source: Path
    trial: Path | None
    parent: Path | None = None
    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


class Executor(Protocol):
    """Where trainings run. Everything is by name, so that any process may ask about any training."""

    name: str
    """`docker` or `process`."""

    def prepare(
        self, image: str, requirements: Path | None, say: Callable[[str], None], log: Path | None = None
    ) -> str:
        """Makes sure that `image` (with the repo's `requirements` on top, if any) is there.

        Returns the reference to pass as `Training.image`. `say` gets progress lines,
        `log` all that the build printed. Idempotent, cached by
        content hash. Raises TrainyardError(IMAGE_BUILD_FAILED) with the failing line.
        """

    def start(self, training: Training, command: list[str] | None = None) -> None:
        """Starts it detached; a training of that name that was started already is left alone.

        Args:
            command: another `python -m` argument list than the harness.
        """

    def state(self, name: str) -> State: ...

    def wait(self, name: str, timeout: float | None) -> State:
        """Blocks until it ended or `timeout` seconds passed; returns the state then."""

    def stop(self, name: str, grace: float) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds. Of no effect where nothing runs."""

    def remove(self, name: str) -> None:
        """Forgets an ended training and frees what it held."""

    def logs(self, name: str, *, follow: bool = True) -> Iterator[bytes]:
        """What it printed, from its beginning; with `follow` until it ends, else what there is."""

    def run(self, training: Training, command: list[str], timeout: float) -> tuple[int, bytes]:
        """Runs `command` (a `python -m` argument list) once under the same limits; exit code and output."""
