"""The disk quota of a run, looked at while it trains: a folder of the host has no limit of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from trainyard.exits import TrainyardError
from trainyard.runs.untrusted import too_much

_SECONDS = (1.0, 10.0)
_SHARE = 5.0
"""A look that takes long is followed by a pause this many times as long, within _SECONDS."""


class Quota:
    """Ends a training that writes more than it may.

    Args:
        folders: all that the run's trainings can write to.
        limit: bytes of disk.
    """

    def __init__(self, folders: Sequence[Path], limit: int) -> None:
        self._folders = folders
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
        held = self.exceeded or too_much(self._folders, self._limit)
        self.exceeded = held
