"""The disk quota of a run, looked at while it trains: a folder of the host has no limit of its own."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from trainyard.exits import TrainyardError

MAX_FILES = 100_000
"""Files and folders of a run: a disk has an end of those too."""

_SECONDS = (1.0, 10.0)
_SHARE = 5.0
"""A look that takes long is followed by a pause this many times as long, within _SECONDS."""


class Quota:
    """Ends a training that writes more than it may.

    Args:
        folder: all that the run's trainings can write to.
        limit: bytes of disk.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self.exceeded: str | None = None
        """What was too much, in words, once it was."""

    @contextlib.contextmanager
    def watching(self, end: Callable[[], None]) -> Iterator[None]:
        """Looks about every second, and calls `end` where it is too much."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over, end), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _watch(self, over: threading.Event, end: Callable[[], None]) -> None:
        pause = _SECONDS[0]
        while not over.wait(pause):
            began = time.monotonic()
            self.look()
            pause = min(max(_SECONDS[0], _SHARE * (time.monotonic() - began)), _SECONDS[1])
            if self.exceeded:
                with contextlib.suppress(TrainyardError):  # the engine is away: told again after the pause
                    end()
                    return

    def look(self) -> None:
        """Sets `exceeded` where the folder holds too much now."""
        held = self.exceeded or too_much(self._folder, self._limit)
        self.exceeded = held


def too_much(folder: Path, limit: int, most: int = MAX_FILES) -> str | None:
    """What of `folder` is beyond `limit` bytes or `most` entries, in words; None where nothing is.

    Stops as soon as it is; counts blocks, so that a sparse file is what it takes; follows no link.
    """
    size = count = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > most:
                        return f"more than {most} files"
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if size > limit:
                        return f"more than {limit // 2**20} MiB"
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return "folders nested deeper than a path can be long"
    return None
