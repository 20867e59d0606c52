"""One champion, loaded once in a sandbox of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import threading
import time
from dataclasses import replace

from trainyard.config import HostConfig, limits
from trainyard.executors.base import Status, Training
from trainyard.executors.choose import choose
from trainyard.executors.sandbox import user
from trainyard.exits import TrainyardError
from trainyard.home import Home
from trainyard.runs.store import Run
from trainyard.runs.untrusted import printable
from trainyard.serve import answers
from trainyard.serve.answers import Answer, AnswerError
from trainyard.serve.channel import SOCKET, Channel, ChannelError, Door
from trainyard.verbs.finish import Champion

LOAD_SECONDS = 300.0
MAX_WAITING = 64
"""Questions that wait for their turn."""
_LOOK_SECONDS = 1.0
_END_SECONDS = 3.0
_LOG_BYTES = 8192


class Worker:
    """A container, or with the process executor a process.

    It has a training's sandbox and less: never a network, no writable folder.

    Attributes:
        name: of its training; its folder below `serve/` in the state home is made before it is started,
            and goes after it, so that whoever finds the folder knows what may be left of it.
        signature: what the model takes and gives, once `start` is over.
    """

    def __init__(self, home: Home, config: HostConfig, repo: str, champion: Champion) -> None:
        self.repo, self.champion = repo, champion
        self.name = f"serve-{repo}-{secrets.token_hex(4)}"
        self.signature = answers.Signature(inputs=[], task="")
        self._home, self._config = home, config
        self._folder = home.serve / champion.executor / self.name
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._channel: Channel | None = None
        self._hands, self._stopped = threading.Lock(), False
        self._ready: float | None = None

    async def start(self) -> None:
        """Returns once the model is loaded and has answered whether it is well.

        Raises:
            ChannelError: it is not, and why.
            TrainyardError: NO_EXECUTOR, which says nothing about the model.
        """
        self._executor = await asyncio.to_thread(choose, self.champion.executor, self._home.path)
        self._folder.mkdir(parents=True)
        door = Door(self._folder, user())
        try:
            await asyncio.to_thread(self._start)
            self._channel = await self._entered(door)
        finally:
            door.close()
        await self.check(LOAD_SECONDS)
        self._ready = time.monotonic()

    async def check(self, seconds: float) -> None:
        """Asks whether it is well.

        Raises:
            ChannelError: it is not.
        """
        assert self._channel is not None  # noqa: S101 - it was started
        async with self._turn:
            data = await self._channel.ask(b"", seconds)
        try:
            self.signature = answers.decoded(data, answers.Health).signature
        except AnswerError as error:
            self._channel.close("it answers garbage")
            raise ChannelError("it answers garbage") from error

    async def ask(self, body: bytes, samples: int, seconds: float) -> Answer:
        """The model's answer to a request's body.

        Raises:
            AnswerError: there is none.
        """
        assert self._channel is not None  # noqa: S101 - nobody knows of it before it was started
        if self._waiting >= MAX_WAITING:
            raise AnswerError(503, "Too many questions wait for this model.")
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise AnswerError(503, f"Others' questions took {seconds:g} s.") from None
        finally:
            self._waiting -= 1
        try:
            data = await self._channel.ask(body, seconds)
        except ChannelError as error:
            raise AnswerError(503, f"The model went away: {error}; it is loaded again.") from None
        finally:
            self._turn.release()
        return answers.answer(data, samples)

    @property
    def end(self) -> asyncio.Future[str]:
        """Done once no answer can come any more."""
        assert self._channel is not None  # noqa: S101 - as above
        return self._channel.gone

    @property
    def lives(self) -> bool:
        """Whether an answer can come, as far as is known."""
        return not self.end.done()

    @property
    def lived(self) -> float:
        """Seconds since it was loaded; none where it never was."""
        return time.monotonic() - self._ready if self._ready is not None else 0.0

    async def why(self) -> str:
        """What ended it."""
        return await asyncio.to_thread(self._told, self.end.result())

    async def look(self) -> None:
        """Asks its executor, not its word, whether it runs."""
        with contextlib.suppress(TrainyardError):  # an engine that is away is no news of the container
            state = await asyncio.to_thread(self._executor.state, self.name)
            if state.status != Status.RUNNING and self._channel is not None:
                self._channel.close("it ended")

    async def retire(self) -> None:
        """Lets it answer what it was asked, and ends it."""
        async with self._turn:
            await self.stop()

    async def stop(self) -> None:
        """Ends it and takes away what is left; where the engine is away its folder stays for a sweep."""
        self._stopped = True
        if self._channel is not None:
            self._channel.close("it was stopped")
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        with self._hands:
            sweep(self._home, self.champion.executor, self.name)

    def _start(self) -> None:
        with self._hands:  # whoever gave up waiting for this thread must not remove what is not there yet
            if not self._stopped:
                self._do_start()

    def _do_start(self) -> None:
        parent = Run(self._home.runs / self.champion.run).trial(self.champion.trial).path
        if not parent.is_dir():
            raise ChannelError(f"{parent} is gone")
        if os.getuid() == 0:
            os.chown(self._folder, *user())
        training = Training(
            name=self.name,
            image=self.champion.image,
            source=self._folder,
            trial=None,
            parent=parent,
            labels={"trainyard.home": str(self._home.path), "trainyard.serve": self.repo},
            limits=replace(limits(self._config, self.repo), network="none"),
        )
        self._executor.start(training, ["trainyard_harness.serve", SOCKET])

    async def _entered(self, door: Door) -> Channel:
        entered = asyncio.ensure_future(door.entered())
        deadline = time.monotonic() + LOAD_SECONDS
        try:
            while not (await asyncio.wait({entered}, timeout=_LOOK_SECONDS))[0]:
                state = await asyncio.to_thread(self._executor.state, self.name)
                if state.status != Status.RUNNING or time.monotonic() > deadline:
                    why = "it ended" if state.status != Status.RUNNING else "it did not come up"
                    raise ChannelError(await asyncio.to_thread(self._told, why))
            return entered.result()
        finally:
            entered.cancel()

    def _told(self, why: str) -> str:
        """`why`, with what the executor and the last line of its log say of it."""
        log = b""
        try:
            # the connection ends a moment before what held it
            detail = self._executor.wait(self.name, _END_SECONDS).detail
            for part in self._executor.logs(self.name, follow=False):
                log = (log + part)[-_LOG_BYTES:]
        except TrainyardError:
            return why
        lines = [line for line in printable(log.decode(errors="replace")).splitlines() if line.strip()]
        said = [why, detail.rstrip("."), lines[-1].strip()[:200] if lines and not detail else ""]
        return ": ".join(part for part in said if part)


def sweep(home: Home, executor: str, name: str) -> bool:
    """Ends that worker, whoever started it, and removes its folder; False where its executor is away."""
    try:
        choose(executor, home.path).remove(name)
    except TrainyardError:
        return False
    shutil.rmtree(home.serve / executor / name, ignore_errors=True)
    return True
