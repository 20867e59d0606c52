"""What the watcher knows for good: heads it has seen, commits it has started, pushes it still owes.

One file a repository, `watch/<repo>.json` in the state home, replaced as a whole before anything is started,
so that a kill at any moment loses no push; starting one again is harmless, as `pull` knows its commit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from trainyard.exits import TrainyardError
from trainyard.runs import state as st
from trainyard.runs.files import SCHEMA
from trainyard.watch.heads import Heads, literal

KNOWN = 500
"""Commits a repository's journal remembers as started. `pull` remembers those before them."""


class Push(msgspec.Struct, kw_only=True):
    """One commit that became a branch's head, whose job1 has not ended. Times: seconds since the epoch."""

    branch: str
    commit: str
    source: str
    """`hook`, `webhook` or `poll`."""
    pushed: float
    """When it was pushed; by polling the last look before, so the earliest that it can have been."""
    item: int | None = None
    """What the trigger knows it by; None as long as it was not taken."""
    build: int | None = None
    tries: int = 0
    after: float = 0.0
    """Not to be started before."""


class Record(msgspec.Struct, kw_only=True):
    """`watch/<repo>.json`."""

    schema: int = SCHEMA
    url: str
    seen: bool = False
    """Whether the remote has been looked at at all."""
    heads: dict[str, str] = msgspec.field(default_factory=dict)
    known: list[str] = msgspec.field(default_factory=list)
    waiting: list[Push] = msgspec.field(default_factory=list)


class Book:
    """A repository's record and the file that it is kept in.

    Args:
        folder: `watch` in the state home.
        url: a record of another URL is not continued.

    A torn file is set aside and said in `torn`: what was owed is found again by the first look.
    """

    def __init__(self, folder: Path, name: str, url: str) -> None:
        self._path, self._lock = folder / f"{name}.json", threading.Lock()
        self.record, self.torn = Record(url=url), ""
        if not self._path.exists():
            return
        try:
            record = st.read(self._path, Record)
        except TrainyardError as error:
            self._path.replace(self._path.with_suffix(".torn"))
            self.torn = error.message
            return
        if record.url == url:
            self.record = record

    def save(self) -> None:
        """Makes the record durable. From any thread: the last one to write writes the newest state."""
        with self._lock:
            st.write(self._path, self.record)


def looked(record: Record, heads: Heads, patterns: tuple[str, ...], since: float) -> list[Push]:
    """Takes in what a look saw; returns the pushes that are new. `record` is changed.

    At the very first look a branch that is only matched by a pattern counts as seen: a repository with
    hundreds of branches does not start hundreds of runs.
    """
    fresh: list[Push] = []
    for branch, tip in heads.tips.items():
        if record.heads.get(branch) == tip:
            continue
        started = record.seen or literal(branch, patterns)
        for commit in heads.between.get(branch, [tip]):
            if started and (push := _owe(record, branch, commit, "poll", since)):
                fresh.append(push)
        record.heads[branch] = tip
    for branch in [branch for branch in record.heads if branch not in heads.tips]:
        del record.heads[branch]
    record.seen = True
    return fresh


def told(record: Record, branch: str, commit: str, source: str) -> Push | None:
    """Takes in what a hook said; the push if it is new. `record` is changed.

    The head is left for the next look: a hook's word may arrive late.
    """
    return _owe(record, branch, commit, source, time.time())


def changed(record: Record, heads: Mapping[str, str]) -> bool:
    """Whether a look saw anything that the record does not hold."""
    return not record.seen or record.heads != heads


def _owe(record: Record, branch: str, commit: str, source: str, pushed: float) -> Push | None:
    if commit in record.known:
        return None
    push = Push(branch=branch, commit=commit, source=source, pushed=pushed)
    record.known = [*record.known[-(KNOWN - 1) :], commit]
    record.waiting.append(push)
    return push
