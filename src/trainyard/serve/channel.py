"""The one connection to a model that nobody trusts: frames with a length, an answer to each question."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Any

SOCKET = "socket"
MAX_ANSWER = 16 * 2**20
"""Bytes. Of what the model sends beyond it nothing is read."""


class ChannelError(Exception):
    """Why nothing more comes from this model: one line, a sentence's end."""


class Door:
    """A socket in a folder that the model's sandbox holds read-only. It takes one connection, ever.

    Args:
        folder: made by the caller, empty.
        owner: user and group of the sandbox.
    """

    def __init__(self, folder: Path, owner: tuple[int, int]) -> None:
        self._path = folder / SOCKET
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.setblocking(False)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:  # a socket's path may be 107 bytes long; this one is short wherever the folder is
            self._listener.bind(f"/proc/self/fd/{directory}/{SOCKET}")
        finally:
            os.close(directory)
        if os.getuid() == 0:
            os.chown(self._path, *owner)
        self._listener.listen(1)

    async def entered(self) -> Channel:
        """Waits for the connection, and shuts the door behind it."""
        link, _ = await asyncio.get_running_loop().sock_accept(self._listener)
        self.close()
        reader, writer = await asyncio.open_unix_connection(sock=link)
        return Channel(reader, writer)

    def close(self) -> None:
        self._listener.close()
        self._path.unlink(missing_ok=True)


class Channel:
    """Asks one question at a time.

    Attributes:
        gone: done, with the reason, once no answer can come any more.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._answer: asyncio.Future[bytes] | None = None
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    async def ask(self, question: bytes, seconds: float) -> bytes:
        """The answer, as it came.

        Raises:
            ChannelError: there is none; then there is none to any other question either.
        """
        if self.gone.done():
            raise ChannelError(self.gone.result())
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                self._writer.write(len(question).to_bytes(4, "big") + question)
                await self._writer.drain()
                either: set[asyncio.Future[Any]] = {self._answer, self.gone}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            self.close(f"it did not answer within {seconds:g} s")
        except OSError:
            self.close("it ended")
        if not self._answer.done():
            self._answer = None
            raise ChannelError(self.gone.result())
        answer, self._answer = self._answer.result(), None
        return answer

    def close(self, why: str) -> None:
        """Ends the connection; what is inside ends with it, unless it does not want to."""
        if not self.gone.done():
            self.gone.set_result(why)
        self._reading.cancel()
        with contextlib.suppress(RuntimeError):  # the loop is closed: so is everything
            self._writer.transport.abort()

    async def _read(self) -> None:
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                if size > MAX_ANSWER:
                    return self.close(f"its answer of {size} bytes is above the limit of {MAX_ANSWER}")
                data = await self._reader.readexactly(size)
                if self._answer is None or self._answer.done():
                    return self.close("it spoke without being asked")
                self._answer.set_result(data)
        except (OSError, EOFError):
            self.close("it ended")
