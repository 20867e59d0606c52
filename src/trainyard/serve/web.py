"""The HTTP side, in the shape of TensorFlow Serving's REST API. Every error is JSON."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from trainyard.config import HostConfig, body_size
from trainyard.exits import TrainyardError
from trainyard.home import REPO_NAME
from trainyard.serve import answers
from trainyard.serve.answers import AnswerError
from trainyard.serve.metrics import Metrics
from trainyard.serve.served import Served
from trainyard.watch.metrics import CONTENT_TYPE

MAX_AT_ONCE = 64
"""Requests whose body is held in memory."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The application.

    Args:
        served: by repo, as it is now.
        why_not: why that repo is not served, in a sentence; called in a thread.
    """

    def __init__(
        self,
        served: Mapping[str, Served],
        config: Callable[[], HostConfig],
        why_not: Callable[[str], str],
        metrics: Metrics,
    ) -> None:
        self._served, self._config, self._why_not, self._metrics = served, config, why_not, metrics
        self._open = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=body_size(self._config().serving), middlewares=[_as_json])
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics", self._page)
        app.router.add_get("/v1/models/{repo:[^/:]+}", self._status)
        app.router.add_get("/v1/models/{repo:[^/:]+}/metadata", self._metadata)
        app.router.add_post("/v1/models/{repo:[^/:]+}:predict", self._predict)
        return app

    async def _healthz(self, _: web.Request) -> web.Response:
        states = [served.state for served in self._served.values()]
        return _json({"status": "ok", "models": len(states), "serving": states.count("serving")})

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.page(), headers={"Content-Type": CONTENT_TYPE})

    async def _status(self, request: web.Request) -> web.Response:
        served = await self._of(request)
        champion = served.champion
        assert champion is not None  # noqa: S101 - whoever is served has one
        state = {"serving": "AVAILABLE", "given up": "END"}.get(served.state, "LOADING")
        status = {"error_code": "OK" if served.worker else "UNAVAILABLE", "error_message": served.trouble}
        version = {"version": champion.run.partition("/")[2], "state": state, "status": status}
        return _json({"model_version_status": [version], "metric": champion.metric, "trial": champion.trial})

    async def _metadata(self, request: web.Request) -> web.Response:
        served = await self._of(request)
        if served.worker is None:
            raise AnswerError(503, f"{served.repo}: the model is {served.state}. {served.trouble}".rstrip())
        run = served.worker.champion.run.partition("/")[2]
        return _json(answers.metadata(served.repo, run, served.worker.signature))

    async def _predict(self, request: web.Request) -> web.Response:
        served = await self._of(request)
        code = 500
        try:
            answer = await self._answer(request, served)
            code = 200
            return answer
        except (AnswerError, web.HTTPException) as error:
            code = error.status
            raise
        finally:
            served.requests += 1
            served.errors += code >= 500
            self._metrics.requests.labels(served.repo, str(code)).inc()

    async def _answer(self, request: web.Request, served: Served) -> web.Response:
        if self._open >= MAX_AT_ONCE:
            raise AnswerError(503, f"{MAX_AT_ONCE} requests are being answered.")
        table = self._config().serving
        self._open += 1
        try:
            try:
                async with asyncio.timeout(table.seconds):
                    body = await request.read()
            except TimeoutError:
                raise AnswerError(408, f"The body did not come within {table.seconds:g} s.") from None
            began = time.monotonic()
            answer = await served.ask(body, answers.question(body, table.samples), table.seconds)
            self._metrics.seconds.labels(served.repo).observe(time.monotonic() - began)
            return _json(answer)
        finally:
            self._open -= 1

    async def _of(self, request: web.Request) -> Served:
        repo = request.match_info["repo"]
        if not REPO_NAME.fullmatch(repo):
            raise AnswerError(404, "That cannot be a repo's name.")
        if repo not in self._served:
            raise AnswerError(404, await asyncio.to_thread(self._why_not, repo))
        return self._served[repo]


@web.middleware
async def _as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    headers = {}
    try:
        return await handler(request)
    except AnswerError as error:
        status, message = error.status, str(error)
    except TrainyardError as error:
        status, message = 500, error.message
    except web.HTTPException as error:
        status, message = error.status, error.text or error.reason
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    if status == 503:
        headers["Retry-After"] = "1"
    return _json({"error": message}, status, headers)


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), status=status, headers=headers, content_type="application/json"
    )
