"""Owed pushes become job1 builds: started in the order they came, followed until job1 has ended."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from trainyard.watch.journal import Book, Push
from trainyard.watch.poller import backoff
from trainyard.watch.settings import RepoTable
from trainyard.watch.triggers import Progress, Trigger, TriggerError

T = TypeVar("T")

TRIES = 4
"""How often a job1 that fails is started; the network may have been down."""
RETRY_SECONDS = 10.0
"""After its first failure; twice that after each further one."""
_FOLLOW_SECONDS = 1.0
_LONGEST = 30.0
"""Between two attempts to reach a Jenkins that does not answer."""


class Delivery:
    """One repository's owed pushes.

    Args:
        started: called after a trigger was taken, with the push.
        note: called with an event's name and fields.
    """

    def __init__(
        self,
        repo: RepoTable,
        book: Book,
        trigger: Trigger,
        pool: Executor,
        started: Callable[[Push], None],
        note: Callable[..., None],
    ) -> None:
        self.repo, self.record, self.error = repo, book.record, ""
        self._trigger, self._pool, self._save, self._started, self._note = (
            trigger,
            pool,
            book.save,
            started,
            note,
        )
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is a new push, or, at the start, old ones."""
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        failures = 0
        while self.record.waiting:
            self._news.clear()
            try:
                await self._once()
                failures, self.error = 0, ""
            except TriggerError as error:
                failures += 1
                if str(error) != self.error:
                    self._note("not started", level="error", repo=self.repo.name, error=str(error))
                self.error = str(error)
            if self.record.waiting:
                pause = _FOLLOW_SECONDS
                if failures:
                    pause = min(_LONGEST, backoff(failures, 0.5, random.random()))  # noqa: S311
                await self._pause(pause)

    async def _once(self) -> None:
        """Starts what is due, then follows what was started, unless there are news."""
        now = time.time()
        due = [push for push in self.record.waiting if push.item is None and push.after <= now]
        try:
            for push in due:
                push.item = await self._blocking(partial(self._trigger.start, self.repo, push))
                push.build = None
                push.tries += 1
                self._started(push)
        finally:
            if due:
                await self._blocking(self._save)
        for push in [] if due else [push for push in self.record.waiting if push.item is not None]:
            if self._news.is_set():
                break
            if await self._follow(push):
                await self._blocking(self._save)

    async def _follow(self, push: Push) -> bool:
        """Whether the record changed."""
        build = push.build
        progress = await self._blocking(partial(self._trigger.look, self.repo, push))
        if progress in (Progress.WAITING, Progress.RUNNING):
            return push.build != build
        fields = {"repo": self.repo.name, "branch": push.branch, "commit": push.commit}
        if progress == Progress.LOST or (progress == Progress.FAILED and push.tries < TRIES):
            self._note(f"job1 {progress}: again", level="warning", **fields)
            push.item = None
            push.after = time.time() + (
                RETRY_SECONDS * 2 ** (push.tries - 1) if progress == Progress.FAILED else 0
            )
        else:
            self._note(f"job1 {progress}", **fields)
            self.record.waiting.remove(push)
        return True

    async def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
        if self.error:  # news do not mend a trigger that does not answer
            await asyncio.sleep(max(0.0, deadline - time.monotonic()))

    async def _blocking(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
