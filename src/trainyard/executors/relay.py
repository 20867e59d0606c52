"""Runs inside a training, before its command: a local port through which the datasets' proxy is reached.

`python relay.py FOLDER COMMAND...`: the proxy's socket is FOLDER/socket. Standard library only, and nothing
of Trainyard's: it is mounted into images as this one file. The training has no network but `lo`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys

_AWAY_SECONDS = 120.0
"""How long a download waits for a proxy that is only starting, or was killed."""
_PAUSE_SECONDS = 0.2


def main(folder: str, command: list[str]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if os.fork() == 0:
        if os.fork() == 0:  # twice: no script must find a child that it did not start
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):  # or the training's output would not end with it
                os.dup2(nothing, descriptor)
            asyncio.run(_serve(listener, folder))
        os._exit(0)
    os.wait()
    listener.close()
    for name in ("http_proxy", "https_proxy"):
        os.environ[name] = os.environ[name.upper()] = address
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
    os.execvp(command[0], command)  # noqa: S606 - the training itself


async def _serve(listener: socket.socket, folder: str) -> None:
    directory = os.open(folder, os.O_DIRECTORY)
    # a socket's path may be 107 bytes long; this one is short wherever the folder is
    path = f"/proc/self/fd/{directory}/socket"

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, proxy = await _connect(path, _AWAY_SECONDS)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, proxy), _copy(upstream, writer))
        proxy.close()
        writer.close()

    await asyncio.start_server(connected, sock=listener)
    while True:  # while this connection stands the proxy knows that the training lives
        try:
            reader, writer = await _connect(path, _AWAY_SECONDS)
            writer.write(b"HOLD\r\n\r\n")
            await reader.read()
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(_PAUSE_SECONDS)


async def _connect(path: str, patience: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except OSError:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
