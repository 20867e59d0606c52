"""Reads a repository as syntax and says what it trains: entry script, framework, family, task, image, and
why.

Nothing of the repository is imported or executed. See docs/reference/detection.md. Importing this package is
cheap; the reading itself is loaded by the first `detect`.
"""

from __future__ import annotations

from pathlib import Path

from trainyard.detect.result import Candidate, Detection, Evidence, Hazard, Need, Needs, Overrides, Problem
from trainyard.detect.verdicts import check, render

__all__ = [
    "Candidate",
    "Detection",
    "Evidence",
    "Hazard",
    "Need",
    "Needs",
    "Overrides",
    "Problem",
    "check",
    "detect",
    "render",
]


def detect(path: Path, *, entry: str | None = None, overrides: Overrides | None = None) -> Detection:
    """Reads a repository (or a single script) and says what it trains, with what, and why.

    Args:
        path: the repository's folder, or one Python file or notebook.
        entry: the script to judge, relative to `path`; wins over `overrides.entry`.
        overrides: what `trainyard.toml` fixes.

    Raises:
        TrainyardError: `path` does not exist (NOT_FOUND), or a named entry or image does not (BAD_CONFIG).
        Never for
            what the repository contains.
    """
    from trainyard.detect.detector import detect as read

    return read(path, entry=entry, overrides=overrides)
