"""What the watcher shows of itself: `watch/status.json` in the state home, read by `trainyard status`."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from trainyard.home import Home
from trainyard.runs.atomic import is_locked
from trainyard.runs.files import SCHEMA


class RemoteView(msgspec.Struct, kw_only=True):
    """One remote. Times: UTC, ISO 8601."""

    repo: str
    url: str
    heads: dict[str, str]
    """The last seen commit by branch."""
    looked: str | None
    """The last look that succeeded."""
    remark: str
    error: str
    failures: int
    next_look_seconds: float
    waiting: int
    """Pushes whose job1 has not ended."""


class View(msgspec.Struct, kw_only=True):
    """The whole file."""

    schema: int = SCHEMA
    pid: int
    started: str
    written: str
    trigger: str
    trigger_error: str
    docker: str
    """Empty where Docker's events are followed; else why not."""
    push_seconds: list[float] = msgspec.field(default_factory=list)
    """From push to trigger, median and 99th percentile of the last pushes; empty before the first."""
    remotes: list[RemoteView]


def write(folder: Path, view: View) -> None:
    """Replaces the file. Not fsynced: it is worth nothing after a crash."""
    temporary = folder / ".status.json.new"
    temporary.write_bytes(msgspec.json.encode(view))
    temporary.replace(folder / "status.json")


def read(home: Home) -> tuple[View | None, bool]:
    """The last view, None where no watcher ever ran here; and whether one runs now."""
    try:
        view = msgspec.json.decode((home.watch / "status.json").read_bytes(), type=View)
    except (OSError, msgspec.DecodeError):
        view = None
    return view, running(home)


def running(home: Home) -> bool:
    """Whether a watcher holds this state home."""
    return is_locked(home.watch / "lock")


def lines(view: View, alive: bool) -> list[str]:
    """For people: what is wrong first, then every remote."""
    failing = [remote for remote in view.remotes if remote.error]
    waiting = sum(remote.waiting for remote in view.remotes)
    head = f"watcher: running since {view.started}" if alive else f"watcher: NOT RUNNING since {view.written}"
    head += f", {len(view.remotes)} remotes, {len(failing)} failing, {waiting} pushes waiting"
    if view.push_seconds:
        head += ", push to job1 {:.2f} s (p99 {:.2f} s)".format(*view.push_seconds)
    found = [head]
    if view.trigger_error:
        found.append(f"  {view.trigger}: {view.trigger_error}")
    if view.docker:
        found.append(f"  Docker's events: {view.docker}")
    rows = [("REMOTE", "HEADS", "LAST LOOK", "")]
    for remote in sorted(view.remotes, key=lambda r: (not r.error, r.repo)):
        heads = " ".join(f"{branch}:{commit[:10]}" for branch, commit in sorted(remote.heads.items())[:3])
        if len(remote.heads) > 3:
            heads += f" (+{len(remote.heads) - 3})"
        wrong = remote.error or remote.remark
        if remote.error:
            wrong += f"; {remote.failures} in a row, next look in {max(0, round(remote.next_look_seconds))} s"
        if remote.waiting:
            wrong = f"{remote.waiting} waiting; {wrong}" if wrong else f"{remote.waiting} waiting"
        rows.append((remote.repo, heads, remote.looked or "never", wrong))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True))
        found.append("  ".join(cells).rstrip())
    return found


def stamp(seconds: float | None) -> str | None:
    """Seconds since the epoch as the state files write times."""
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
