"""What the services (`watch`, `serve`) have in common: a port, a lock, a word to systemd."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.atomic import locked

if TYPE_CHECKING:
    from aiohttp import web


def address(listen: str) -> tuple[str, int]:
    """`127.0.0.1:9118` as host and port; `:9118` is every address.

    Raises:
        TrainyardError: BAD_CONFIG.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise TrainyardError(ExitCode.BAD_CONFIG, f"listen: {listen!r} is not HOST:PORT.", "Correct it.")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - what the operator wrote


def runner_of(app: web.Application) -> web.AppRunner:
    """The application, ready to be given a port or a socket."""
    from aiohttp import web

    return web.AppRunner(app, access_log=None, keepalive_timeout=15, shutdown_timeout=2)


async def open_port(runner: web.AppRunner, where: tuple[str, int]) -> None:
    """Listens there.

    Raises:
        TrainyardError: BAD_CONFIG where it cannot be had.
    """
    from aiohttp import web

    try:
        await web.TCPSite(runner, *where).start()
    except OSError as error:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{where[0]}:{where[1]}: cannot listen: {error}.", "Choose another port."
        ) from None


async def hold(stack: contextlib.AsyncExitStack, lock: Path) -> None:
    """Takes the lock of the one service of its kind; `trainyard status` may hold it for a moment.

    Raises:
        TrainyardError: BUSY.
    """
    for attempt in range(20):
        try:
            stack.enter_context(locked(lock, str(lock.parent)))
            return
        except TrainyardError as error:
            if error.code != ExitCode.BUSY or attempt == 19:
                raise
        await asyncio.sleep(0.1)


def tell_systemd(line: str) -> None:
    """sd_notify(3)."""
    to = os.environ.get("NOTIFY_SOCKET")
    if to:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(line.encode(), to.replace("@", "\0", 1))
