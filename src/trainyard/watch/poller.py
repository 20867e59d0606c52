"""When to look at which remote: every second, one connection a host, slower where something is wrong."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from trainyard.sources import local_path
from trainyard.watch.heads import Heads, PollError
from trainyard.watch.settings import RepoTable

LONGEST_WAIT = 300.0
_JITTER = 0.05
"""Part of the interval by which looks are spread: a thousand remotes do not fall due at one moment."""


@dataclass
class Sight:
    """What is known of one remote since this process started. Times: seconds since the epoch."""

    repo: RepoTable
    host: str
    looked: float | None = None
    """The last look that succeeded."""
    remark: str = ""
    error: str = ""
    failures: int = 0
    due: float = field(default_factory=time.monotonic)
    """The next look, by the clock that nobody sets."""


Look = Callable[[Sequence[Sight]], Awaitable[list["Heads | PollError"]]]


def host_of(url: str) -> str:
    """What is asked over one connection: `github.com`, `git.example.org:8080`; empty for local files."""
    if local_path(url) is not None:
        return ""
    if "://" in url:
        parts = urlsplit(url)
        return (parts.hostname or "") + (f":{parts.port}" if parts.port else "") or "?"
    return url.partition(":")[0].rpartition("@")[2] or "?"


def backoff(failures: int, interval: float, chance: float) -> float:
    """Seconds until what fails is tried again: doubling, at most LONGEST_WAIT, spread by `chance` (0..1)."""
    longest = min(LONGEST_WAIT, interval * 2.0 ** min(failures, 20))
    return max(interval, longest * (0.5 + chance / 2))


class HostPoller:
    """Looks at all remotes of one host, one after the other, for ever.

    Args:
        sights: the remotes.
        look: looks at up to `batch` of them.
        seen: called with what a look saw, and with when the look before that was (the push lies between).
        failed: called after a look that failed, and after the first that works again.
    """

    def __init__(
        self,
        sights: Sequence[Sight],
        interval: float,
        look: Look,
        seen: Callable[[Sight, Heads, float], Awaitable[None]],
        failed: Callable[[Sight], None],
        batch: int = 1,
    ) -> None:
        self._interval, self._look, self._seen, self._failed, self._batch = (
            interval,
            look,
            seen,
            failed,
            batch,
        )
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Sight]] = []
        self._held = False
        for sight in sights:
            self._put(sight, time.monotonic() + random.random() * interval)  # noqa: S311 - no secret

    async def run(self) -> None:
        while self._queue:
            pause = self._queue[0][0] - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
                continue
            chosen = [heapq.heappop(self._queue)[2]]
            while self._queue and len(chosen) < self._batch and self._queue[0][0] <= time.monotonic():
                chosen.append(heapq.heappop(self._queue)[2])
            began, clock = time.time(), time.monotonic()
            for sight, result in zip(chosen, await self._look(chosen), strict=True):
                await self._take(sight, result, began, clock)

    async def _take(self, sight: Sight, result: Heads | PollError, began: float, clock: float) -> None:
        spread = 1 + _JITTER * (2 * random.random() - 1)  # noqa: S311
        if isinstance(result, PollError):
            sight.error, sight.failures = result.message, sight.failures + 1
            wait = backoff(sight.failures, self._interval, random.random())  # noqa: S311
            if result.host:
                wait = max(wait, result.after or 0.0)
                self._hold_back(sight, wait)
            self._put(sight, clock + wait)
            self._failed(sight)
            return
        before, recovered = sight.looked, sight.failures > 0
        sight.looked, sight.error, sight.failures, sight.remark = began, "", 0, result.remark
        self._put(sight, clock + self._interval * spread)
        if recovered:
            self._failed(sight)
        if self._held:
            self._release()
        await self._seen(sight, result, before if before is not None else began)

    def _put(self, sight: Sight, due: float) -> None:
        sight.due = due
        heapq.heappush(self._queue, (due, next(self._order), sight))

    def _hold_back(self, asked: Sight, wait: float) -> None:
        """The host itself is at fault: nobody else asks it before this one does."""
        self._held = True
        until = time.monotonic() + wait
        for sight in self._emptied():
            sight.error, sight.failures = asked.error, max(sight.failures, asked.failures)
            self._put(sight, max(sight.due, until + random.random() * self._interval))  # noqa: S311

    def _release(self) -> None:
        """The host answers again: those that waited for it need not wait out their backoff."""
        self._held = False
        for sight in self._emptied():
            self._put(sight, min(sight.due, time.monotonic() + random.random() * self._interval))  # noqa: S311

    def _emptied(self) -> list[Sight]:
        rest, self._queue = [sight for _, _, sight in self._queue], []
        return rest
