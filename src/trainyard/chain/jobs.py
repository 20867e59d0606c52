"""A job as far as the embedded chain executes it; trainyard.chain.parse reads it from Jenkins' XML."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How a build ended (hudson.model.Result)."""

    SUCCESS = "SUCCESS"
    UNSTABLE = "UNSTABLE"
    FAILURE = "FAILURE"
    ABORTED = "ABORTED"


CONDITIONS = {
    "SUCCESS": {Result.SUCCESS},
    "UNSTABLE": {Result.UNSTABLE},
    "UNSTABLE_OR_BETTER": {Result.SUCCESS, Result.UNSTABLE},
    "UNSTABLE_OR_WORSE": {Result.UNSTABLE, Result.FAILURE, Result.ABORTED},
    "FAILED": {Result.FAILURE},
    "FAILED_OR_BETTER": {Result.SUCCESS, Result.UNSTABLE, Result.FAILURE},
    "ALWAYS": set(Result),
}
"""hudson.plugins.parameterizedtrigger.ResultCondition."""


@dataclass(frozen=True)
class StringParameter:
    name: str
    default: str
    trim: bool


@dataclass(frozen=True)
class Shell:
    command: str
    unstable_return: int | None
    """The exit code that makes the build unstable instead of failed."""


@dataclass(frozen=True)
class PropertyFile:
    """Parameters from a file in the workspace."""

    path: str
    required: bool
    """Without the file, the trigger starts nothing."""


@dataclass(frozen=True)
class Predefined:
    """Parameters written into the job, as properties text."""

    properties: str


@dataclass(frozen=True)
class CurrentParameters:
    """The triggering build's own parameters."""


Source = PropertyFile | Predefined | CurrentParameters


@dataclass(frozen=True)
class Trigger:
    jobs: tuple[str, ...]
    condition: str
    sources: tuple[Source, ...]
    """A later source's values replace an earlier one's."""
    without_parameters: bool
    """Starts the jobs even where no source gives a parameter."""


@dataclass(frozen=True)
class Archive:
    artifacts: tuple[str, ...]
    """Ant patterns, relative to the workspace."""
    allow_empty: bool
    only_if_successful: bool


@dataclass(frozen=True)
class JobDefinition:
    name: str
    disabled: bool = False
    parameters: tuple[StringParameter, ...] = ()
    steps: tuple[Shell, ...] = ()
    archives: tuple[Archive, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    timers: tuple[str, ...] = ()
    builds_kept: int | None = None
