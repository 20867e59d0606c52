"""The files of a run directory, as types. The harness writes its own with the standard library alone.

`docs/reference/run-directory.md` shows one example of each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

SCHEMA = 1


class Stage(StrEnum):
    """How far a run has come. Each verb takes a run from one stage to the next and is a no-op past it."""

    PULLING = "pulling"
    PULLED = "pulled"
    TRAINING = "training"
    """The current trial's training has been started."""
    EVALUATED = "evaluated"
    """The current trial has a number; `RunState.decision` says where the run goes."""
    TWEAKED = "tweaked"
    """The next trial's spec is written, or the budget is spent."""
    FINISHED = "finished"


class Outcome(StrEnum):
    """How a finished run ended."""

    PROMOTED = "promoted"
    CANDIDATE = "candidate"
    REFUSED = "refused"
    FAILED = "failed"


class Split(StrEnum):
    """Which data a number was measured on."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    HELD_OUT = "held-out"
    """Held out by the harness because the script holds nothing out."""
    UNKNOWN = "unknown"


class Part(StrEnum):
    """Which part of the held-out data: trials are compared on one and reported on the other."""

    ALL = "all"
    SELECTION = "selection"
    REPORT = "report"


class Metric(msgspec.Struct, kw_only=True, omit_defaults=False):
    """One captured number and where it comes from.

    `value` is a fraction for accuracy-like metrics (never percent). `interval` is the 95 % interval that the
    sample size `n` allows: Wilson's score interval (Wilson 1927) for proportions, null where none is known.
    """

    name: str
    value: float
    split: Split
    origin: str
    place: str | None = None
    part: Part = Part.ALL
    n: int | None = None
    direction: str = "max"
    interval: tuple[float, float] | None = None


class ScriptError(msgspec.Struct, kw_only=True):
    """Why the script itself did not end well."""

    type: str
    message: str
    file: str | None = None
    line: int | None = None
    module: str | None = None
    """The missing module, for ModuleNotFoundError."""


class Mistake(msgspec.Struct, kw_only=True):
    """What the harness saw before the first step: output layer, loss and labels that don't go together."""

    sentence: str
    hopeless: bool
    """No architecture mends it."""


class HoldOut(msgspec.Struct, kw_only=True):
    """How held-out data came about and how it is split."""

    by: str
    """`script` or `harness`."""
    n_selection: int
    n_report: int
    seed: int
    stratified: bool = False


class DataFacts(msgspec.Struct, kw_only=True):
    """What the training data looks like, for the tweaker."""

    n_train: int | None = None
    shape: list[int | None] = msgspec.field(default_factory=list)
    """One sample's shape, without the batch axis."""
    classes: int | None = None
    """Distinct labels seen, for classification."""
    stats: dict[str, float] = msgspec.field(default_factory=dict)
    """Free figures about inputs and labels (`x_min`, `x_max`, `x_mean`, `x_std`, `majority`, ...)."""


class Race(msgspec.Struct, kw_only=True):
    """How a `race` move ended. 0 is the form without the race's other moves, 1 the one with them."""

    winner: int
    scores: list[float] = msgspec.field(default_factory=list)


class Metrics(msgspec.Struct, kw_only=True):
    """`metrics.json`: what the harness learnt from one trial."""

    schema: int
    state: str
    """`running`, `finished` or `failed`."""
    metrics: list[Metric] = msgspec.field(default_factory=list)
    error: ScriptError | None = None
    holdout: HoldOut | None = None
    data: DataFacts | None = None
    mistakes: list[Mistake] = msgspec.field(default_factory=list)
    epochs_done: int = 0
    epochs_planned: int | None = None
    resumed_from_epoch: int | None = None
    cpu_seconds: float = 0.0
    """User and system time of all attempts of this trial, in seconds."""
    wall_seconds: float = 0.0
    framework: str = ""
    parameters: int | None = None
    notes: list[str] = msgspec.field(default_factory=list)
    """Sentences for a person: what was held out, what could not be resumed, what was skipped."""
    model: str | None = None
    """The saved model's path inside the trial's folder."""
    inherited: bool = False
    abandoned: str | None = None
    """Why the training was ended before its last epoch, in a sentence."""
    race: Race | None = None


class Move(msgspec.Struct, kw_only=True):
    """One change to an architecture, an estimator or the training. `kind` names it, `args` are its own."""

    kind: str
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    reason: str = ""


class Spec(msgspec.Struct, kw_only=True):
    """`spec.json`: what a trial changes against trial 0, whole (not against its parent)."""

    schema: int
    trial: int
    parent: int | None = None
    """The trial whose trained weights are inherited where the moves allow; null starts from scratch."""
    moves: list[Move] = msgspec.field(default_factory=list)
    reason: str = ""
    step: str = ""
    """The tweaker's name for what it tried here; a step is not tried twice in one run."""


class Job(msgspec.Struct, kw_only=True):
    """`job.json`: what the controller asks of the harness, beside the spec."""

    schema: int
    entry: str | None = None
    argv: list[str] = msgspec.field(default_factory=list)
    env: dict[str, str] = msgspec.field(default_factory=dict)
    answers: list[str] = msgspec.field(default_factory=list)
    """What `input()` returns, in order."""
    seed: int = 0
    holdout: float = 0.2
    """Part of the data held out where the script holds nothing out."""
    task: str | None = None
    metric: str = "auto"
    target: float | None = None
    """An accuracy: the code's own training is ended where its curve can't reach it. Null: never."""
