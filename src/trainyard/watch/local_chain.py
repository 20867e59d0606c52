"""`trainyard watch --local`: job1 starts at once in the embedded chain, trainings follow one by one."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from trainyard.chain.execute import ChainResult
from trainyard.chain.walk import RepoJobs, walk
from trainyard.exits import TrainyardError
from trainyard.home import Home
from trainyard.runs import store
from trainyard.runs.files import Stage
from trainyard.watch.journal import Push
from trainyard.watch.settings import RepoTable
from trainyard.watch.triggers import Progress, TriggerError

MAX_CHAINS = 64
"""Chains that run or wait at one time; further pushes wait in the journal."""


@dataclass
class _Chain:
    progress: Progress = Progress.WAITING
    run: str | None = None


class LocalTrigger:
    """Walks chains in threads of this process, whose death ends their steps; trainings outlive it.

    Args:
        executor: what `pull` is told to train with.
        note: called with an event's name and fields.
    """

    def __init__(self, home: Home, executor: str, note: Callable[..., None]) -> None:
        self._home, self._executor, self._note = home, executor, note
        self._numbers = itertools.count(1)
        self._chains: dict[int, _Chain] = {}
        self._pulling: dict[str, threading.Lock] = {}
        self._healing: set[str] = set()
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._quiet = os.open(os.devnull, os.O_WRONLY)  # builds have their logs

    def start(self, repo: RepoTable, push: Push) -> int:
        with self._lock:
            if sum(t.name.startswith("chain-") for t in threading.enumerate()) >= MAX_CHAINS:
                raise TriggerError(f"{MAX_CHAINS} chains wait already")
            number = next(self._numbers)
            chain = self._chains[number] = _Chain()
        parameters = {"BRANCH": push.branch, "COMMIT": push.commit}
        self._thread(f"chain-{number}", lambda: self._push(repo, parameters, chain))
        return number

    def look(self, repo: RepoTable, push: Push) -> Progress:
        chain = self._chains.get(push.item or 0)
        if chain is None:
            return Progress.LOST  # it was another process's
        if chain.progress in (Progress.DONE, Progress.FAILED):
            self._chains.pop(push.item or 0, None)
        return chain.progress

    def monitor(self, repo: RepoTable) -> None:
        with self._lock:
            if repo.name in self._healing:
                return
            self._healing.add(repo.name)
        self._thread(f"job6-{repo.name}", lambda: self._heal(repo))

    def _push(self, repo: RepoTable, parameters: dict[str, str], chain: _Chain) -> None:
        """One push's way. job1 runs at once (one at a time a repository), what follows waits for its turn."""
        first = self._pulling.setdefault(repo.name, threading.Lock())
        held = [first]
        first.acquire()
        chain.progress = Progress.RUNNING

        def before(run: str | None) -> None:
            if run is not None and first in held:
                chain.progress, chain.run = Progress.DONE, run
                self._note("run started", repo=repo.name, run=run, commit=parameters["COMMIT"])
                held.remove(first)
                first.release()
                self._turn.acquire()
                held.append(self._turn)

        try:
            result = self._walk(repo, "job1-pull", parameters, before)
            if chain.run is None:
                ended = result.failed is not None
                chain.progress = Progress.FAILED if ended else Progress.DONE
        except TrainyardError as error:
            self._note("chain failed", level="error", repo=repo.name, run=chain.run, error=str(error))
            if chain.run is None:
                chain.progress = Progress.FAILED
        finally:
            for lock in held:
                lock.release()

    def _heal(self, repo: RepoTable) -> None:
        """job6, and the chain for what it hands on; while there is more, once more, as its timer would."""
        try:
            while self._unfinished(repo):
                took = [False]

                def before(run: str | None, took: list[bool] = took) -> None:
                    if run is not None and not took[0]:
                        took[0] = True
                        self._turn.acquire()

                try:
                    self._walk(repo, "job6-monitor", {"REPO": repo.name}, before)
                finally:
                    if took[0]:
                        self._turn.release()
                if not took[0]:
                    return
        except TrainyardError as error:
            self._note("job6 failed", level="error", repo=repo.name, error=str(error))
        finally:
            with self._lock:
                self._healing.discard(repo.name)

    def _unfinished(self, repo: RepoTable) -> bool:
        for run in store.all_runs(self._home, repo.name):
            try:
                if run.load().stage != Stage.FINISHED:
                    return True
            except TrainyardError:
                continue
        return False

    def _walk(
        self, repo: RepoTable, first: str, parameters: dict[str, str], before: Callable[[str | None], None]
    ) -> ChainResult:
        jobs = RepoJobs(name=repo.name, url=repo.url, branch="", policy=repo.policy)
        return walk(
            self._home,
            jobs,
            first,
            parameters,
            {"TRAINYARD_EXECUTOR": self._executor},
            say=lambda line: self._note("chain", level="debug", repo=repo.name, line=line),
            stream=self._quiet,
            before=before,
        )

    @staticmethod
    def _thread(name: str, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()
