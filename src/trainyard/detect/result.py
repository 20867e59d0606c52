"""What detection answers with: plain structs, serialisable with msgspec as `detection.json`."""

from __future__ import annotations

import msgspec

SCHEMA = 1


class Overrides(msgspec.Struct, kw_only=True, frozen=True):
    """What `trainyard.toml` fixes: `[run] entry, argv, env` and `[detect] framework, family, task, image`."""

    entry: str | None = None
    argv: list[str] = msgspec.field(default_factory=list)
    env: dict[str, str] = msgspec.field(default_factory=dict)
    framework: str | None = None
    family: str | None = None
    task: str | None = None
    image: str | None = None


class Evidence(msgspec.Struct, kw_only=True, frozen=True):
    """One reason, at a place. In a notebook `line` counts through the code cells put end to end."""

    file: str
    line: int
    sentence: str


class Hazard(msgspec.Struct, kw_only=True, frozen=True):
    """Something reached by the entry script that may stop an unattended training.

    `kind` is one of gui, input, argv, env, network, missing-file, absolute-path, mail, gpu, colab, endless,
    shell, old-api, shadow, secrets; or mistake, which stops nothing but can't learn.
    """

    kind: str
    file: str
    line: int
    sentence: str


class Candidate(msgspec.Struct, kw_only=True, frozen=True):
    """A script that trains when it is started, with its rank (higher is better) and why."""

    file: str
    score: float
    framework: str
    why: list[str] = msgspec.field(default_factory=list)


class Need(msgspec.Struct, kw_only=True, frozen=True):
    """One distribution to have. `origin` is `file` (stated at `file:line`) or `import` (seen there)."""

    requirement: str
    distribution: str
    origin: str
    file: str
    line: int
    in_image: bool = False
    """The chosen image already holds this distribution (its version may differ)."""


class Needs(msgspec.Struct, kw_only=True):
    """What the repository needs beside its own code."""

    file: str | None = None
    """The requirements file that was read, relative to the repository."""
    requirements: list[Need] = msgspec.field(default_factory=list)
    skipped: list[str] = msgspec.field(default_factory=list)
    """Lines of that file that are not plain requirements (options, URLs, paths), as written."""


class Problem(msgspec.Struct, kw_only=True, frozen=True):
    """A file that cannot be read as Python 3."""

    file: str
    line: int
    reason: str


class Detection(msgspec.Struct, kw_only=True):
    """The whole answer. `framework` is `none` where nothing trains; see docs/reference/detection.md."""

    schema: int = SCHEMA
    entry: str | None = None
    framework: str = "none"
    family: str | None = None
    task: str | None = None
    api: str | None = None
    image: str | None = None
    unsupported: str | None = None
    """Why no image trains this, where none does."""
    confidence: float = 0.0
    ambiguous: bool = False
    """Several scripts train and nothing tells which one is meant; `entry` is null then."""
    argv: list[str] = msgspec.field(default_factory=list)
    env: dict[str, str] = msgspec.field(default_factory=dict)
    evidence: list[Evidence] = msgspec.field(default_factory=list)
    hazards: list[Hazard] = msgspec.field(default_factory=list)
    candidates: list[Candidate] = msgspec.field(default_factory=list)
    needs: Needs = msgspec.field(default_factory=Needs)
    problems: list[Problem] = msgspec.field(default_factory=list)
    """Files that do not parse, those that the entry script reaches first."""
    blocking: list[Problem] = msgspec.field(default_factory=list)
    """Those of `problems` that stop the entry script itself."""
    notes: list[str] = msgspec.field(default_factory=list)
