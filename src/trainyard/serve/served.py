"""One repo's champion, kept served: loaded, replaced without a gap, brought back, given up."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trainyard.config import HealingTable, HostConfig
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home
from trainyard.log import emit
from trainyard.serve.answers import Answer, AnswerError
from trainyard.serve.channel import ChannelError
from trainyard.serve.worker import Worker
from trainyard.verbs.finish import Champion

STEADY_SECONDS = 60.0
"""Who lived that long died of something else than the one before."""
_CHECK_SECONDS = 30.0
_HOST_SECONDS = 2.0
"""Between two tries where the host is at fault: no engine, no space."""


@dataclass
class Patience:
    """When what died is loaded again, and when not any more.

    Args:
        healing: the same rule as for trainings.
    """

    healing: HealingTable
    deaths: int = 0
    """In a row."""
    due: float = 0.0
    """By the monotonic clock."""

    def died(self, lived: float, now: float) -> None:
        """It died so many seconds after it was loaded, or never was."""
        self.deaths = 1 if lived >= STEADY_SECONDS else self.deaths + 1
        pause = 0.0 if self.deaths <= 1 else self.healing.pause * 2.0 ** (self.deaths - 2)
        self.due = now + pause

    @property
    def given_up(self) -> bool:
        return self.deaths >= self.healing.deaths


class Served:
    """One repo.

    Args:
        config: asked for each worker, so that an operator's change needs no restart.
        register: told of each worker before it is started (True) and after it is gone (False).
        announce: called with the repo and what happened where somebody has to look.
    """

    def __init__(
        self,
        home: Home,
        repo: str,
        config: Callable[[], HostConfig],
        register: Callable[[Worker, bool], None],
        announce: Callable[[str, str], None],
    ) -> None:
        self.repo = repo
        self.worker: Worker | None = None
        """Who answers now."""
        self.trouble = ""
        self.requests = self.errors = self.restarts = 0
        self._home, self._config, self._register, self._announce = home, config, register, announce
        self._wanted: Champion | None = None
        self._proven: Champion | None = None
        """The last one that was loaded: it is held on to where the wanted one cannot be."""
        self._patience: dict[str, Patience] = {}
        self._changed = asyncio.Event()
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> str:
        """`serving`, `loading`, `waiting` (for the next try) or `given up`."""
        if self.worker is not None and self.worker.lives:
            return "serving"
        patience = self._patience_with(self._choice())
        if patience.given_up:
            return "given up"
        return "waiting" if patience.due > time.monotonic() else "loading"

    @property
    def champion(self) -> Champion | None:
        """Who answers, or is to."""
        return self.worker.champion if self.worker is not None else self._wanted

    def want(self, champion: Champion) -> None:
        """From now on, or as soon as it is loaded, this one answers."""
        if champion != self._wanted:
            self._wanted, self._patience = champion, {}
            self._changed.set()

    async def ask(self, body: bytes, samples: int, seconds: float) -> Answer:
        """Raises AnswerError."""
        worker = self.worker
        if worker is None:
            raise AnswerError(503, f"{self.repo}: the model is {self.state}. {self.trouble}".rstrip())
        return await worker.ask(body, samples, seconds)

    async def look(self) -> None:
        """Looks now whether what should run does; `monitor` asks for it."""
        if self.worker is not None:
            await self.worker.look()

    async def keep(self) -> None:
        """Goes on until it is cancelled; `close` then ends what is left."""
        while True:
            await self._step()

    async def close(self) -> None:
        """Ends all containers, after they answered what they were asked."""
        if self.worker is not None:
            self._retire(self.worker)
            self.worker = None
        await asyncio.gather(*self._retiring)

    async def _step(self) -> None:
        self._changed.clear()
        if self.worker is not None and not self.worker.lives:
            await self._bury(self.worker)
            return
        chosen = self._choice()
        patience = self._patience_with(chosen)
        pause = patience.due - time.monotonic()
        if self.worker is not None and self.worker.champion == chosen:
            await self._watch(_CHECK_SECONDS)
        elif patience.given_up or pause > 0:
            await self._watch(min(_CHECK_SECONDS, pause) if not patience.given_up else _CHECK_SECONDS)
        else:
            await self._load(chosen, patience)

    async def _watch(self, seconds: float) -> None:
        """Until who answers is gone or another one is wanted; after `seconds` asks whether it is well."""
        changed = asyncio.create_task(self._changed.wait())
        waited: set[asyncio.Future[Any]] = {changed}
        if self.worker is not None:
            waited.add(self.worker.end)
        try:
            done, _ = await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        if not done and self.worker is not None:
            with contextlib.suppress(ChannelError):
                await self.worker.check(self._config().serving.seconds)

    async def _bury(self, worker: Worker) -> None:
        self.restarts += 1
        why = await worker.why()
        self.worker = None
        self._died(worker, why)
        await self._stop(worker)

    async def _load(self, champion: Champion, patience: Patience) -> None:
        worker = Worker(self._home, self._config(), self.repo, champion)
        self._register(worker, True)
        try:
            await worker.start()
        except (ChannelError, TrainyardError, OSError) as error:
            await self._stop(worker)
            if isinstance(error, OSError) or getattr(error, "code", None) == ExitCode.NO_EXECUTOR:
                if str(error) != self.trouble:  # said once, tried until it works
                    self.trouble = str(error)
                    emit("cannot load", level="error", repo=self.repo, run=champion.run, error=self.trouble)
                patience.due = time.monotonic() + _HOST_SECONDS
            else:
                self._died(worker, f"it could not be loaded: {error}")
        except asyncio.CancelledError:
            await self._stop(worker)
            raise
        else:
            self.trouble = "" if champion == self._wanted else self.trouble
            old, self.worker, self._proven = self.worker, worker, champion
            emit("serving", repo=self.repo, run=champion.run, instead_of=old.champion.run if old else None)
            if old is not None:
                self._retire(old)

    def _died(self, worker: Worker, why: str) -> None:
        run = worker.champion.run
        patience = self._patience_with(worker.champion)
        patience.died(worker.lived, time.monotonic())
        self.trouble = f"{run}: {why}."
        emit("model died", level="warning", repo=self.repo, run=run, error=why, deaths=patience.deaths)
        if patience.given_up:
            instead = f" {self.worker.champion.run} goes on serving." if self.worker else ""
            self.trouble = f"{run} was given up after {patience.deaths} deaths in a row: {why}.{instead}"
            emit("given up", level="error", repo=self.repo, run=run, error=self.trouble)
            self._announce(self.repo, self.trouble)

    def _choice(self) -> Champion:
        """The wanted champion; the one before it where that is given up, or waits and nobody answers."""
        assert self._wanted is not None  # noqa: S101 - `want` comes before anything else
        if self._proven is None or self._proven == self._wanted:
            return self._wanted
        patience = self._patience_with(self._wanted)
        waits = self.worker is None and patience.due > time.monotonic()
        return self._proven if patience.given_up or waits else self._wanted

    def _patience_with(self, champion: Champion) -> Patience:
        key = f"{champion.run} {champion.trial} {champion.image}"
        return self._patience.setdefault(key, Patience(self._config().healing))

    def _retire(self, worker: Worker) -> None:
        async def work() -> None:
            await worker.retire()
            self._register(worker, False)

        task = asyncio.create_task(work())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _stop(self, worker: Worker) -> None:
        await worker.stop()
        self._register(worker, False)
