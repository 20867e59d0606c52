"""`run.json` and `verdict.json` as types, and how any state file is read."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from trainyard import boots, faults
from trainyard.exits import ExitCode, TrainyardError
from trainyard.policy import Policy
from trainyard.runs.atomic import write_atomic
from trainyard.runs.files import SCHEMA, Metric, Outcome, Spec, Stage

T = TypeVar("T")


class Failure(msgspec.Struct, kw_only=True):
    """Why a run failed, as its exit code, its one line, and what to do."""

    code: int
    message: str
    hint: str = ""


class Decision(msgspec.Struct, kw_only=True):
    """What the gate made of a trial."""

    at_target: bool
    sentence: str
    selection: Metric | None = None
    """The number that trials are compared on."""
    gate: Metric | None = None
    """The number that the gate read."""
    looked: bool = False
    """Whether this retrain was decided on the report part; each look at it is one chance to be lucky."""
    cpu_seconds: float = 0.0
    error: str | None = None
    """Why the training gave no number, where it gave none."""
    abandoned: str | None = None
    """Why the training was ended before its last epoch, where it was."""


class Attempt(msgspec.Struct, kw_only=True):
    """One start of a trial's training. Times are UTC, ISO 8601."""

    name: str
    """What the executor knows it by."""
    started: str
    ended: str | None = None
    status: str = "running"
    detail: str = ""
    epochs: int = 0
    """How far the trial had come when this attempt died."""
    boot: str = msgspec.field(default_factory=boots.boot)
    """The machine's boot that it was started in, and when in that: the time of day may be set meanwhile."""
    begun: float = msgspec.field(default_factory=boots.since_boot)
    took: float | None = None
    """Seconds, once it ended."""

    def end(self, status: str, detail: str) -> None:
        """Writes down that it ended now."""
        self.took = self.seconds()
        self.ended, self.status, self.detail = timestamp(), status, detail

    def seconds(self) -> float:
        """How long it has trained. Nobody knows when one ended that a boot ended: it counts as none."""
        if self.took is not None:
            return self.took
        return max(0.0, boots.since_boot() - self.begun) if self.boot == boots.boot() else 0.0


class TrialState(msgspec.Struct, kw_only=True):
    """What the controller knows of one trial. Kept here, out of the folder that the training can write to."""

    spec: Spec
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    decision: Decision | None = None

    def seconds(self) -> float:
        """Wall time of all attempts so far, in seconds; the time between attempts does not count."""
        return sum(attempt.seconds() for attempt in self.attempts)


class Patch(msgspec.Struct, kw_only=True):
    """The winner as a patch of the source, or why there is none."""

    sentence: str
    path: str | None = None
    """`patch.diff`; None where there is none."""
    branch: str | None = None
    """The branch of the watched repository that holds it, where it was pushed."""
    metric: Metric | None = None
    """What the patched script reached when it was trained for real, from scratch."""
    cpu_seconds: float = 0.0
    """Of that training; the verdict's own count has the trials alone."""


class RunState(msgspec.Struct, kw_only=True):
    """`run.json`: the state machine of one run."""

    schema: int
    id: str
    repo: str
    url: str
    branch: str
    commit: str
    policy: Policy
    seed: int
    executor: str
    stage: Stage
    created: str
    updated: str
    dirty: bool = False
    image: str | None = None
    """What the executor starts: the reference that `Executor.prepare` returned."""
    trials: list[TrialState] = msgspec.field(default_factory=list)
    """The last one is the current one; at stage `tweaked` it has no attempt yet."""
    remarks: list[str] = msgspec.field(default_factory=list)
    """What was odd about the commit when it was fetched, in sentences."""
    exhausted: str | None = None
    """At stage `tweaked`: why there is no next trial."""
    findings: list[str] = msgspec.field(default_factory=list)
    """What the diagnosis said, in sentences."""
    outcome: Outcome | None = None
    failure: Failure | None = None
    patch: Patch | None = None
    announced: bool = False

    @property
    def current(self) -> TrialState:
        return self.trials[-1]

    def seconds(self) -> float:
        """Wall time of all trainings so far, in seconds."""
        return sum(trial.seconds() for trial in self.trials)


class TrialSummary(msgspec.Struct, kw_only=True):
    """One trial's line in the verdict."""

    number: int
    spec: dict[str, Any]
    metric: Metric | None
    selection: Metric | None
    reason: str
    cpu_seconds: float
    error: str | None = None
    looked: bool = False
    abandoned: str | None = None


class Verdict(msgspec.Struct, kw_only=True):
    """`verdict.json`: how the run ended, with the numbers and the reason in words."""

    schema: int
    run: str
    repo: str
    commit: str
    outcome: Outcome
    reason: str
    target: float
    floor: float
    metric: Metric | None
    baseline: Metric | None
    best_trial: int | None
    trials: list[TrialSummary]
    retrains: int
    cpu_seconds: float
    model: str | None
    report: str
    serving: bool
    """Whether this run's model became what the repo serves; `trainyard show` says whether it still is."""
    findings: list[str]
    failure: Failure | None = None
    looks: int = 0
    """How many retrains were decided on the report part."""
    patch: Patch | None = None
    """None where there is nothing to give back: the code as it was pushed is the best, or nothing is good."""


def timestamp() -> str:
    """Now, UTC, ISO 8601 with milliseconds."""
    at = dt.datetime.fromtimestamp(now(), dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> float:
    """Seconds since the epoch."""
    return time.time() + faults.clock()


def parse(text: str) -> float:
    """Seconds since the epoch of a `timestamp()`."""
    return dt.datetime.fromisoformat(text).timestamp()


def read(path: Path, kind: type[T]) -> T:
    """Reads a state file.

    Raises:
        TrainyardError: TORN_STATE, naming the file, where it is missing, torn, or of a newer schema.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _torn(path, "is missing") from None
    try:
        plain = msgspec.json.decode(data)
        schema = plain.get("schema") if isinstance(plain, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            raise _torn(path, f"was written by a newer version (schema {schema}, this one reads {SCHEMA})")
        return msgspec.convert(plain, kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise _torn(path, f"is torn: {error}") from None


def write(path: Path, value: msgspec.Struct) -> None:
    """Writes a state file atomically."""
    write_atomic(path, encode(value))


def encode(value: msgspec.Struct) -> bytes:
    """A state file's content, indented for people."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _torn(path: Path, what: str) -> TrainyardError:
    return TrainyardError(
        ExitCode.TORN_STATE,
        f"{path}: {what}.",
        "Nothing else was touched; move that run's folder away, or restore the file from a backup.",
    )
