"""Exit codes, and the one exception that carries them. Documented in docs/reference/exit-codes.md."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What every `trainyard` verb can answer to its caller. The numbers are a contract: only add."""

    OK = 0
    INTERNAL = 1
    """A fault of Trainyard's own."""
    USAGE = 2
    """The command line is wrong (click's own code)."""
    BELOW_TARGET = 10
    """The trial, or the run, ended below its target. Jenkins shows the build UNSTABLE."""
    REFUSED = 11
    """The run is over and its best model is below the floor."""
    NOT_FOUND = 20
    """A path, URL, run or repo does not exist or is not what it should be."""
    UNKNOWN_COMMIT = 21
    NO_TRAINING_CODE = 22
    AMBIGUOUS_ENTRY = 23
    """Several scripts train and nothing says which one is meant."""
    SYNTAX_ERROR = 24
    UNSUPPORTED = 25
    """The code trains with something that no image offers."""
    BAD_CONFIG = 26
    """`trainyard.toml`, the host's configuration or a policy value is wrong."""
    SCRIPT_FAILED = 30
    """The pushed script raised, or left with a non-zero code."""
    MISSING_MODULE = 31
    OUT_OF_MEMORY = 32
    OUT_OF_TIME = 33
    """`max_minutes` was over before there was a number to gate."""
    NO_METRIC = 34
    """The script ended well, but nothing it did can be measured on held-out data."""
    DIED = 35
    """The container or its machine died; `trainyard monitor` starts it again."""
    OVER_QUOTA = 36
    """The training wrote more than `limits.disk`."""
    SUPERSEDED = 37
    """A newer push of the same branch ended the run, as its policy says."""
    BUSY = 40
    """Another verb holds this run."""
    TORN_STATE = 41
    """A state file is torn, missing, or written by a newer version."""
    DISK_FULL = 42
    NO_EXECUTOR = 43
    """Neither a Docker Engine nor a usable Python for the process executor."""
    IMAGE_BUILD_FAILED = 44
    NOT_PROMOTED = 45
    """Predictions were asked of a repo that serves no model."""
    CHAIN = 46
    """The job XML holds something that the embedded chain does not understand."""


class TrainyardError(Exception):
    """A failure that the user can act on: one line of what, one of what to do.

    Args:
        code: the exit code of the process.
        message: what is wrong, naming the file, line or field.
        hint: what to do about it, in one sentence.
    """

    def __init__(self, code: ExitCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()
