"""Following a training: its log as plain lines, or epochs as a progress bar on a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO

from trainyard.executors.base import Executor, State, Status
from trainyard.exits import TrainyardError
from trainyard.runs.store import Trial
from trainyard.runs.untrusted import clean

MAX_LOG_BYTES = 8 * 2**20
"""What is kept of one attempt's log: its beginning and its end, half each."""


class Follower:
    """Shows a training while it runs.

    Args:
        out: where log lines go; None shows none.
        terminal: draw a progress bar instead of log lines.
    """

    def __init__(self, out: BinaryIO | None, *, terminal: bool = False) -> None:
        self._out = None if terminal else out
        self._terminal = terminal

    def follow(self, executor: Executor, name: str, trial: Trial, seconds: float) -> State:
        """Blocks until the training ended or `seconds` passed; the state then (RUNNING: time is up)."""
        if self._terminal:
            return self._draw(executor, name, trial, seconds)
        reader = None
        if self._out is not None:
            reader = threading.Thread(target=self._copy, args=(executor, name), daemon=True)
            reader.start()
        end = executor.wait(name, seconds)
        if reader is not None and end.status != Status.RUNNING:
            reader.join(timeout=5)
        return end

    def save_log(self, executor: Executor, name: str, trial: Trial) -> None:
        """Writes `log.txt`: what all attempts printed, cleaned and bounded; this one has ended."""
        mark = f"--- {name}\n".encode()
        earlier = trial.log.split(mark)[0]
        trial.put("log.txt", earlier + mark + bounded(executor.logs(name, follow=False)))

    def _copy(self, executor: Executor, name: str) -> None:
        assert self._out is not None  # noqa: S101 - follow() starts this only with an output
        shown = 0
        # an engine that goes away ends what is shown here; the wait says what became of the training
        with contextlib.suppress(BrokenPipeError, ValueError, TrainyardError):
            for chunk in executor.logs(name):
                shown += len(chunk)
                if shown > MAX_LOG_BYTES:  # whoever reads this keeps it too: Jenkins' own disk
                    self._out.write(b"\n... more is printed than is shown here (`trainyard logs`) ...\n")
                    self._out.flush()
                    return
                self._out.write(clean(chunk))
                self._out.flush()

    def _draw(self, executor: Executor, name: str, trial: Trial, seconds: float) -> State:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("trial {task.fields[trial]}"),
            BarColumn(),
            TextColumn("epoch {task.completed:.0f}/{task.fields[planned]} {task.fields[last]}"),
            TimeElapsedColumn(),
        )
        deadline = time.monotonic() + seconds
        with Progress(*columns, console=Console(file=sys.stderr)) as progress:
            task = progress.add_task("", total=None, trial=trial.number, planned="?", last="")
            while True:
                end = executor.wait(name, max(0.0, min(0.5, deadline - time.monotonic())))
                metrics = trial.metrics
                planned = metrics.epochs_planned if metrics else None
                done, last = epochs(trial)
                progress.update(task, total=planned, completed=done, planned=planned or "?", last=last)
                if end.status != Status.RUNNING or time.monotonic() >= deadline:
                    return end


def epochs(trial: Trial) -> tuple[int, str]:
    """How many epochs `history.csv` holds, and the last one's accuracies for a person."""
    rows = history(trial)
    if not rows:
        return 0, ""
    shown = [f"{k} {float(v):.3f}" for k, v in rows[-1].items() if "acc" in k and _is_number(v)]
    return len(rows), " ".join(shown)


def history(trial: Trial) -> list[dict[str, str]]:
    """The rows of `history.csv`; empty where there is none, without the last where it is torn."""
    import csv
    import io

    text = trial.history.decode("utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]
    try:
        return [
            row for row in csv.DictReader(io.StringIO(whole)) if None not in row.values() and None not in row
        ]
    except csv.Error:
        return []


def bounded(chunks: Iterator[bytes]) -> bytes:
    """A whole log where it is small, else its first and last halves of MAX_LOG_BYTES."""
    half = MAX_LOG_BYTES // 2
    head, tail, dropped = bytearray(), bytearray(), 0
    for chunk in chunks:
        take = min(len(chunk), half - len(head))
        head += chunk[:take]
        tail += chunk[take:]
        if len(tail) > 2 * half:
            dropped += len(tail) - half
            del tail[:-half]
    middle = b"\n... %d bytes left out ...\n" % dropped if dropped else b""
    return clean(bytes(head) + middle + bytes(tail))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
