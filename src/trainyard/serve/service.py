"""The serving service: which repos have a champion, a worker for each, and the port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from functools import partial
from pathlib import Path

from trainyard.config import body_size, host_config, host_file
from trainyard.daemon import address, hold, open_port, runner_of, tell_systemd
from trainyard.exits import TrainyardError
from trainyard.home import REPO_NAME
from trainyard.log import emit
from trainyard.models import not_promoted
from trainyard.runs import state as st
from trainyard.serve import view
from trainyard.serve.metrics import Metrics
from trainyard.serve.safety import AGAIN
from trainyard.serve.served import Served
from trainyard.serve.web import Api
from trainyard.serve.worker import Worker, sweep
from trainyard.verbs.context import Context
from trainyard.verbs.finish import Champion

LOOK_SECONDS = 0.5
"""Between two looks at the champions: files of this machine, a stat(2) each."""
_SHOW_SECONDS = 2.0
_SWEEP_SECONDS = 10.0

Stamp = tuple[int, int, int]


class Service:
    """One service of one state home."""

    def __init__(self, context: Context, listen: str) -> None:
        self.context, self._listen = context, listen
        self._home = context.home
        self._config, self._config_stamp = context.config, _stamp(host_file())
        self._champions: dict[str, tuple[Stamp, Champion | None]] = {}
        self._served: dict[str, Served] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._names: set[str] = set()
        """Of workers that are looked after; whatever else lies in `serve/` is a killed service's."""
        self._started = st.timestamp()
        self.metrics = Metrics(lambda: [_shown(served) for served in self._served.values()])

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT.

        Raises:
            TrainyardError: BAD_CONFIG; BUSY where a service works on this state home already.
        """
        where = address(self._listen)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._home.serve.mkdir(parents=True, exist_ok=True)
        async with contextlib.AsyncExitStack() as stack:
            await hold(stack, self._home.serve / "lock")
            runner = runner_of(Api(self._served, lambda: self._config, self._why_not, self.metrics).app())
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await open_port(runner, where)
            self._listen = "{}:{}".format(*runner.addresses[0][:2])
            work = [asyncio.create_task(each) for each in (self._look(), self._show(), self._sweep())]
            for task in work:
                task.add_done_callback(lambda _: stop.set())  # a part that ends by itself has failed
            emit("answering", listen=self._listen, home=str(self._home.path))
            tell_systemd("READY=1")
            await stop.wait()
            tell_systemd("STOPPING=1")
            failed = [task.exception() for task in work if task.done()]
            for task in work:
                task.cancel()
            await runner.cleanup()
            for repo in list(self._served):
                self._drop(repo)
            await asyncio.gather(*self._closing)
            view.write(self._home, self._view(stopped=not failed))
            for error in failed:
                if error is not None:
                    raise error
        emit("stopped")

    # --- what is to be served

    async def _look(self) -> None:
        while True:
            self._reread()
            wanted = {repo: c for repo, c in self._crowned().items() if c is not None and self._listed(repo)}
            for repo in set(self._served) - set(wanted):
                emit("not served any more", repo=repo)
                self._drop(repo)
            for repo, champion in wanted.items():
                if repo not in self._served:
                    served = Served(self._home, repo, lambda: self._config, self._register, self._announce)
                    served.want(champion)
                    self._served[repo] = served
                    self._keeping[repo] = asyncio.create_task(served.keep(), name=f"keep {repo}")
                self._served[repo].want(champion)
            for repo, task in self._keeping.items():
                if task.done():  # a fault of our own: better started anew by systemd than to serve half
                    emit("failed", level="error", repo=repo)
                    task.result()
            with contextlib.suppress(FileNotFoundError):
                (self._home.serve / AGAIN).unlink()
                await asyncio.gather(*(served.look() for served in self._served.values()))
            await asyncio.sleep(LOOK_SECONDS)

    def _crowned(self) -> dict[str, Champion | None]:
        """Champions by repo; one whose file cannot be read stays what it was."""
        found = {}
        for path in sorted(self._home.champion("x").parent.glob("*.json")):
            repo, stamp = path.stem, _stamp(path)
            known = self._champions.get(repo)
            if stamp is None or not REPO_NAME.fullmatch(repo):
                continue
            if known is None or known[0] != stamp:
                champion = known[1] if known else None
                try:
                    champion = st.read(path, Champion)
                except TrainyardError as error:
                    emit("champion cannot be read", level="error", repo=repo, error=error.message)
                known = (stamp, champion)
            found[repo] = known
        self._champions = found
        return {repo: champion for repo, (_, champion) in found.items()}

    def _listed(self, repo: str) -> bool:
        repos = self._config.serving.repos
        return repos is None or repo in repos

    def _reread(self) -> None:
        """Takes a changed configuration as it is now; all but the limit of a request's body."""
        stamp = _stamp(host_file())
        if stamp == self._config_stamp:
            return
        self._config_stamp = stamp
        try:
            config = host_config()
            body_size(config.serving)
            self._config = self.context.config = config
            emit("configuration read again")
        except TrainyardError as error:
            emit("configuration not taken", level="error", error=error.message)

    def _drop(self, repo: str) -> None:
        served, task = self._served.pop(repo), self._keeping.pop(repo)
        task.cancel()

        async def close() -> None:
            await asyncio.wait({task})
            await served.close()

        closing = asyncio.create_task(close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _why_not(self, repo: str) -> str:
        if self._home.champion(repo).is_file():
            listed = self._listed(repo)
            return f"{repo}: " + ("is being taken up." if listed else "is not among [serving] repos.")
        return not_promoted(self.context, repo).message

    # --- workers

    def _register(self, worker: Worker, begins: bool) -> None:
        if begins:
            self._names.add(worker.name)
        else:
            self._names.discard(worker.name)

    async def _sweep(self) -> None:
        """Ends what a killed service left, and what could not be ended while an engine was away."""
        while True:
            for folder in sorted(self._home.serve.glob("*/serve-*")):
                if folder.name not in self._names:
                    gone = await asyncio.to_thread(sweep, self._home, folder.parent.name, folder.name)
                    emit("swept" if gone else "cannot be swept yet", worker=folder.name)
            await asyncio.sleep(_SWEEP_SECONDS)

    def _announce(self, repo: str, what: str) -> None:
        from trainyard.notify import tell

        task = asyncio.create_task(
            asyncio.to_thread(partial(tell, self.context, f"{repo}: a model could not be served", what))
        )
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # --- showing

    async def _show(self) -> None:
        while True:
            await asyncio.to_thread(view.write, self._home, self._view(stopped=False))
            tell_systemd("WATCHDOG=1")
            await asyncio.sleep(_SHOW_SECONDS)

    def _view(self, *, stopped: bool) -> view.View:
        models = [_shown(self._served[repo]) for repo in sorted(self._served)]
        return view.View(
            started=self._started, written=st.timestamp(), listen=self._listen, stopped=stopped, models=models
        )


def _shown(served: Served) -> view.ModelView:
    champion = served.champion
    assert champion is not None  # noqa: S101 - whoever is served has one
    return view.ModelView(
        repo=served.repo,
        run=champion.run,
        trial=champion.trial,
        metric=champion.metric,
        state=served.state,
        trouble=served.trouble,
        requests=served.requests,
        errors=served.errors,
        restarts=served.restarts,
        executor=champion.executor,
        worker=served.worker.name if served.worker else None,
    )


def _stamp(path: Path) -> Stamp | None:
    """What changes when a file is replaced; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - every half second, for every repo
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
