"""Which branches of a remote are watched, and what a look at them says."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
BRANCHES = "refs/heads/"


class PollError(Exception):
    """A look that failed.

    Args:
        message: one line for `trainyard status`.
        host: whether the whole host is at fault (it does not answer, it limits the rate), not one repository.
        after: seconds that the host asks to be left alone, where it does.
    """

    def __init__(self, message: str, *, host: bool = False, after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.host = host
        self.after = after


@dataclass(frozen=True)
class Heads:
    """What one look saw.

    Attributes:
        tips: commit by watched branch.
        between: commits by branch that were its head since the last look, oldest first, its tip the last;
            only where the repository keeps a log of that.
        remark: what is odd about the repository, for `trainyard status`; empty where nothing is.
    """

    tips: dict[str, str]
    between: dict[str, list[str]] = field(default_factory=dict)
    remark: str = ""


def wanted(branch: str, patterns: Iterable[str]) -> bool:
    """Whether `branch` is watched: it matches a pattern and none of those that start with `!`.

    Branches that Trainyard itself pushes (`trainyard/<run>`) are only watched where they are named: a pattern
    would train them, and push again.
    """
    patterns = tuple(patterns)
    if branch.startswith("trainyard/") and branch not in patterns:
        return False
    chosen = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if fnmatch.fnmatchcase(branch, pattern[1:]):
                return False
        elif fnmatch.fnmatchcase(branch, pattern):
            chosen = True
    return chosen


def literal(branch: str, patterns: Iterable[str]) -> bool:
    """Whether `branch` is named itself, not only matched."""
    return branch in patterns


def prefixes(patterns: Iterable[str]) -> list[str]:
    """The beginnings of refs that a server is asked for, so that thousands of others are not sent."""
    return sorted({BRANCHES + p.split("*", 1)[0] for p in patterns if not p.startswith("!")})


def judge(refs: Mapping[str, str], patterns: Iterable[str]) -> Heads:
    """The watched branches among `refs` (full names), with a remark where there are none."""
    patterns = tuple(patterns)
    tips = {
        name.removeprefix(BRANCHES): commit
        for name, commit in refs.items()
        if name.startswith(BRANCHES) and wanted(name.removeprefix(BRANCHES), patterns)
    }
    if tips:
        return Heads(tips)
    return Heads(
        {}, remark=f"has no branch {' or '.join(p for p in patterns if not p.startswith('!'))} (yet)"
    )
