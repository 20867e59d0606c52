"""The watcher: everything in this package put together, until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.web import Application

from trainyard.daemon import address, hold, tell_systemd
from trainyard.home import Home
from trainyard.log import emit
from trainyard.runs import state as st
from trainyard.watch import journal, settings, view, web
from trainyard.watch.delivery import Delivery
from trainyard.watch.docker_events import DockerEvents
from trainyard.watch.git_process import GitReader
from trainyard.watch.heads import Heads, PollError, wanted
from trainyard.watch.journal import Book, Push
from trainyard.watch.local import LocalReader
from trainyard.watch.local_chain import LocalTrigger
from trainyard.watch.metrics import Metrics
from trainyard.watch.poller import HostPoller, Sight, host_of
from trainyard.watch.settings import RepoTable, WatchConfig
from trainyard.watch.smart_http import HttpReader
from trainyard.watch.triggers import Trigger, TriggerError

Door = tuple[Application, tuple[str, int] | settings.HookTable]

LOCAL_BATCH = 64
"""Remotes on this machine that one look goes over: a look is cheaper than the way to a thread and back."""
_VIEW_SECONDS = 2.0
_LATEST = 200
"""Pushes whose delay `status` speaks of."""
_HEAL_SECONDS = 60.0
"""Without Jenkins nobody else has a timer for job6."""


class Watcher:
    """One watcher of one state home.

    Args:
        trigger: starts job1 and job6.
    """

    def __init__(self, home: Home, config: WatchConfig, trigger: Trigger) -> None:
        self.home, self.config, self.trigger = home, config, trigger
        self._pool = ThreadPoolExecutor(8, "trigger")
        self._looks = ThreadPoolExecutor(32, "look")
        self._local, self._http, self._git = LocalReader(), HttpReader(), GitReader()
        self._sights = {repo.name: Sight(repo, host_of(repo.url)) for repo in config.repos}
        self._books: dict[str, Book] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._guards = {repo.name: asyncio.Lock() for repo in config.repos}
        self._started, self._last_look = time.time(), time.monotonic()
        self._docker: DockerEvents | None = None
        self._latest: deque[float] = deque(maxlen=_LATEST)
        self.metrics = Metrics(home, self._waiting, self._counts)

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Watches until SIGTERM or SIGINT. `ready` is set once pushes are taken.

        Raises:
            TrainyardError: BAD_CONFIG, BUSY where a watcher works on this state home already.
        """
        last, _ = view.read(self.home)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            await hold(stack, self.home.watch / "lock")
            self._load()
            for app, where in self._doors():
                runner = await web.serve(app, where)
                stack.push_async_callback(runner.cleanup)
            stack.push_async_callback(self._http.close)
            stack.callback(self._git.close)
            stack.callback(self._looks.shutdown, wait=False, cancel_futures=True)
            stack.callback(self._pool.shutdown, wait=False, cancel_futures=True)
            since = st.parse(last.written) if last else time.time()
            self._docker = DockerEvents(str(self.home.path), since, partial(self._died, loop))
            self._docker.start()
            stack.callback(self._docker.stop)
            work = [asyncio.create_task(each) for each in (*self._pollers(), self._show(), self._heal())]
            for task in work:
                stack.callback(task.cancel)
                task.add_done_callback(partial(_ended, stop))
            tell_systemd("READY=1")
            emit("watching", remotes=len(self._sights), home=str(self.home.path))
            if ready is not None:
                ready.set()
            await stop.wait()
            tell_systemd("STOPPING=1")
            for task in work:
                if task.done() and not task.cancelled() and (error := task.exception()):
                    raise error
        emit("stopped")

    async def told(self, name: str, branch: str, commit: str, source: str) -> str | None:
        """A hook's word that `commit` became the head; answers once that is durable. See `web.Told`."""
        sight = self._sights.get(name)
        if sight is None:
            return None
        if not wanted(branch, sight.repo.branches):
            return "other branch"
        book = self._books[name]
        async with self._guards[name]:
            push = journal.told(book.record, branch, commit, source)
            if push is None:
                return "known"
            await asyncio.to_thread(book.save)
        self._announce(name, [push])
        return "started"

    def _load(self) -> None:
        self.home.watch.mkdir(parents=True, exist_ok=True)
        for repo in self.config.repos:
            book = Book(self.home.watch, repo.name, repo.url)
            if book.torn:
                emit("journal set aside", level="error", repo=repo.name, error=book.torn)
            self._books[repo.name] = book
            self._deliveries[repo.name] = Delivery(
                repo, book, self.trigger, self._pool, partial(self._triggered, repo), emit
            )
            if book.record.waiting:
                self._deliveries[repo.name].wake()

    def _doors(self) -> list[Door]:
        doors: list[Door] = []
        if self.config.hook:
            doors.append((web.hook_app(self.told), self.config.hook))
        if self.config.webhook:
            read = partial(settings.secrets, self.config.webhook.secret_file)
            read()  # what is wrong with it is said at the start
            app = web.Webhooks(self.told, read, self.metrics, emit).app()
            doors.append((app, address(self.config.webhook.listen)))
        if self.config.metrics:
            app = web.metrics_app(self.metrics, lambda: time.monotonic() - self._last_look)
            doors.append((app, address(self.config.metrics.listen)))
        return doors

    # --- looking

    def _pollers(self) -> Iterator[Coroutine[None, None, None]]:
        by_host: dict[str, list[Sight]] = {}
        for sight in self._sights.values():
            by_host.setdefault(sight.host, []).append(sight)
        for host, sights in by_host.items():
            batch = 1 if host else LOCAL_BATCH
            yield HostPoller(sights, self.config.interval, self._look, self._seen, self._failed, batch).run()

    async def _look(self, sights: Sequence[Sight]) -> list[Heads | PollError]:
        self._last_look = time.monotonic()
        first = sights[0]
        if first.repo.url.startswith(("http://", "https://")):
            results: list[Heads | PollError] = []
            try:
                results = [await self._http.look(first.repo)]
            except PollError as error:
                results = [error]
        else:
            look = self._look_local if not first.host else self._look_git
            results = await asyncio.get_running_loop().run_in_executor(self._looks, look, sights)
        failed = sum(isinstance(result, PollError) for result in results)
        self.metrics.polls.labels("ok").inc(len(results) - failed)
        self.metrics.polls.labels("failed").inc(failed)
        return results

    def _look_local(self, sights: Sequence[Sight]) -> list[Heads | PollError]:
        results: list[Heads | PollError] = []
        for sight in sights:
            try:
                heads = self._books[sight.repo.name].record.heads
                results.append(self._local.look(sight.repo, heads))
            except PollError as error:
                results.append(error)
        return results

    def _look_git(self, sights: Sequence[Sight]) -> list[Heads | PollError]:
        try:
            return [self._git.look(sights[0].repo)]
        except PollError as error:
            return [error]

    async def _seen(self, sight: Sight, heads: Heads, since: float) -> None:
        name = sight.repo.name
        record = self._books[name].record
        if not journal.changed(record, heads.tips):
            return
        async with self._guards[name]:
            for branch in sorted(set(record.heads) - set(heads.tips)):
                emit("branch deleted", repo=name, branch=branch)
            fresh = journal.looked(record, heads, sight.repo.branches, since)
            await asyncio.to_thread(self._books[name].save)
        self._announce(name, fresh)

    def _failed(self, sight: Sight) -> None:
        if sight.failures == 1:
            emit("remote fails", level="warning", repo=sight.repo.name, error=sight.error)
        elif sight.failures == 0:
            emit("remote answers again", repo=sight.repo.name)

    # --- starting

    def _announce(self, name: str, fresh: Sequence[Push]) -> None:
        for push in fresh:
            emit("push", repo=name, branch=push.branch, commit=push.commit, source=push.source)
        if fresh:
            self._deliveries[name].wake()

    def _triggered(self, repo: RepoTable, push: Push) -> None:
        seconds = max(0.0, time.time() - push.pushed)
        self.metrics.triggers.labels("job1", "ok").inc()
        if push.tries == 1:
            self.metrics.latency.labels(push.source).observe(seconds)
            self._latest.append(seconds)
        emit(
            "job1 triggered",
            repo=repo.name,
            branch=push.branch,
            commit=push.commit,
            item=push.item,
            seconds=round(seconds, 3),
        )

    def _died(self, loop: asyncio.AbstractEventLoop, repo: str) -> None:
        self.metrics.deaths.inc()
        with contextlib.suppress(RuntimeError):  # the loop is closed: so is the watcher
            asyncio.run_coroutine_threadsafe(self._monitor(repo), loop)

    async def _monitor(self, name: str) -> None:
        emit("training died", level="warning", repo=name)
        sight = self._sights.get(name)
        if sight is None:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self.trigger.monitor, sight.repo)
        except TriggerError as error:
            self.metrics.triggers.labels("job6", "failed").inc()
            emit("not started", level="error", repo=name, error=str(error))
        else:
            self.metrics.triggers.labels("job6", "ok").inc()
            emit("job6 triggered", repo=name)

    async def _heal(self) -> None:
        while isinstance(self.trigger, LocalTrigger):
            for name, sight in self._sights.items():
                if (self.home.runs / name).is_dir():
                    self.trigger.monitor(sight.repo)
            await asyncio.sleep(_HEAL_SECONDS)
        await asyncio.Event().wait()  # Jenkins has its own timer

    # --- showing

    async def _show(self) -> None:
        while True:
            await asyncio.to_thread(view.write, self.home.watch, self._view())
            tell_systemd("WATCHDOG=1")
            await asyncio.sleep(_VIEW_SECONDS)

    def _view(self) -> view.View:
        now = time.monotonic()
        troubles = [delivery.error for delivery in self._deliveries.values() if delivery.error]
        return view.View(
            pid=os.getpid(),
            started=view.stamp(self._started) or "",
            written=st.timestamp(),
            trigger=type(self.trigger).__name__.removesuffix("Trigger").lower(),
            trigger_error=troubles[0] if troubles else "",
            docker=self._docker.trouble if self._docker else "",
            push_seconds=_percentiles(self._latest),
            remotes=[
                view.RemoteView(
                    repo=name,
                    url=sight.repo.url,
                    heads=dict(self._books[name].record.heads),
                    looked=view.stamp(sight.looked),
                    remark=sight.remark,
                    error=sight.error,
                    failures=sight.failures,
                    next_look_seconds=round(sight.due - now, 1),
                    waiting=len(self._books[name].record.waiting),
                )
                for name, sight in self._sights.items()
            ],
        )

    def _waiting(self) -> int:
        return sum(len(book.record.waiting) for book in self._books.values())

    def _counts(self) -> tuple[int, int]:
        return len(self._sights), sum(bool(sight.error) for sight in self._sights.values())


def _ended(stop: asyncio.Event, task: asyncio.Task[None]) -> None:
    """A part that ends by itself has failed: better to be started anew by systemd than to watch half."""
    if not task.cancelled():
        stop.set()


def _percentiles(seconds: Iterable[float]) -> list[float]:
    ordered = sorted(seconds)
    return [round(ordered[int(len(ordered) * share)], 3) for share in (0.5, 0.99)] if ordered else []
