"""The watcher's doors: the hooks' local socket, the webhooks' port, the port for Prometheus."""

from __future__ import annotations

import grp
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web

from trainyard.daemon import open_port, runner_of
from trainyard.exits import ExitCode, TrainyardError
from trainyard.watch import webhooks
from trainyard.watch.heads import COMMIT
from trainyard.watch.metrics import CONTENT_TYPE, Metrics
from trainyard.watch.settings import HookTable

Told = Callable[[str, str, str, str], Awaitable["str | None"]]
"""(repo, branch, commit, source) to what became of it: `started`, `known`, `other branch`; None: no repo."""

_DELIVERIES = 10_000


def hook_app(told: Told) -> web.Application:
    """`POST /push` with repo, ref and commit as form fields: what post-receive hooks send."""

    async def push(request: web.Request) -> web.Response:
        form = await request.post()
        repo, ref, commit = (str(form.get(name, "")) for name in ("repo", "ref", "commit"))
        if not COMMIT.fullmatch(commit) or set(commit) == {"0"} or not ref.startswith("refs/heads/"):
            return web.Response(status=400, text="no branch and commit\n")
        answer = await told(repo, ref.removeprefix("refs/heads/"), commit, "hook")
        if answer is None:
            return web.Response(status=404, text="no such repository\n")
        return web.Response(status=202, text=f"{answer}\n")

    app = web.Application(client_max_size=64 * 1024)
    app.router.add_post("/push", push)
    return app


class Webhooks:
    """`POST /webhook/<repo>`.

    Args:
        read_secrets: called for every request, so that a secret can be replaced at any time.
    """

    def __init__(
        self,
        told: Told,
        read_secrets: Callable[[], Sequence[bytes]],
        metrics: Metrics,
        note: Callable[..., None],
    ) -> None:
        self._told, self._secrets, self._metrics, self._note = told, read_secrets, metrics, note
        self._deliveries: OrderedDict[str, None] = OrderedDict()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=webhooks.MAX_BODY)
        app.router.add_post("/webhook/{repo}", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            result = await self._judge(request)
        except webhooks.RefusedError as refused:
            self._metrics.webhooks.labels(f"refused_{refused.status}").inc()
            self._note("webhook refused", level="warning", reason=refused.message, peer=request.remote)
            return web.Response(status=refused.status, text=f"{refused.message}\n")
        except web.HTTPRequestEntityTooLarge:
            self._metrics.webhooks.labels("refused_413").inc()
            raise
        self._metrics.webhooks.labels(result.replace(" ", "_")).inc()
        return web.Response(status=202 if result == "started" else 200, text=f"{result}\n")

    async def _judge(self, request: web.Request) -> str:
        body = await request.read()
        provider = webhooks.genuine(request.headers, body, self._secrets())
        number = webhooks.delivery(provider, request.headers)[:200]
        if number and f"{provider} {number}" in self._deliveries:
            return "repeated"
        if webhooks.event(provider, request.headers) != "push":
            return "ignored"
        push = webhooks.pushed(body)
        if push is None:
            return "ignored"
        repo = request.match_info["repo"]
        answer = "deleted" if not push.commit else await self._told(repo, push.branch, push.commit, "webhook")
        if answer is None:
            raise webhooks.RefusedError(404, "no such repository")
        # only now: what failed before this may be sent again
        if number:
            self._deliveries[f"{provider} {number}"] = None
            while len(self._deliveries) > _DELIVERIES:
                self._deliveries.popitem(last=False)
        if push.forced or not push.commit:
            what = "forced push" if push.commit else "branch deleted"
            self._note(what, repo=repo, branch=push.branch, commit=push.commit or None)
        return answer


def metrics_app(metrics: Metrics, alive: Callable[[], float]) -> web.Application:
    """`GET /metrics`, and `GET /health`: 200 while looking goes on (`alive`: seconds since the last look)."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(body=metrics.page(), headers={"Content-Type": CONTENT_TYPE})

    async def health(_: web.Request) -> web.Response:
        return web.Response(status=200 if alive() < 60 else 503, text=f"{alive():.1f}\n")

    app = web.Application()
    app.router.add_get("/metrics", page)
    app.router.add_get("/health", health)
    return app


async def serve(app: web.Application, where: tuple[str, int] | HookTable) -> web.AppRunner:
    """Opens a port or the hooks' socket.

    Raises:
        TrainyardError: BAD_CONFIG where it cannot be had.
    """
    runner = runner_of(app)
    await runner.setup()
    if not isinstance(where, HookTable):
        await open_port(runner, where)
        return runner
    try:
        await _open_socket(runner, where)
    except (OSError, KeyError, ValueError) as error:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{where.socket}: cannot listen: {error}.", "Choose another in watch.toml."
        ) from None
    return runner


async def _open_socket(runner: web.AppRunner, table: HookTable) -> None:
    path = Path(table.socket)
    path.unlink(missing_ok=True)  # a killed watcher's; the lock says that there is no living one
    before = os.umask(0o177)
    try:
        await web.UnixSite(runner, path).start()
    finally:
        os.umask(before)
    if table.group is not None:
        os.chown(path, -1, grp.getgrnam(table.group).gr_gid)
        path.chmod(0o660)
