"""Whatever comes through the one connection to a model is bounded, and ends it where it is not an answer."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from trainyard.serve.channel import MAX_ANSWER, SOCKET, Channel, ChannelError, Door

Model = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


async def heard(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))


def asked(folder: Path, model: Model, seconds: float = 30.0) -> tuple[str | bytes, str | None]:
    """What a question gives that is put to `model`, and why nothing more comes, where nothing does."""

    async def go() -> tuple[str | bytes, str | None]:
        door = Door(folder, (1000, 1000))
        inside = asyncio.create_task(enter(folder, model))
        channel = await door.entered()
        try:
            said: str | bytes = await channel.ask(b"question", seconds)
        except ChannelError as error:
            said = str(error)
        why = channel.gone.result() if channel.gone.done() else None
        channel.close("over")
        inside.cancel()
        return said, why

    return asyncio.run(go())


async def enter(folder: Path, model: Model) -> None:
    reader, writer = await asyncio.open_unix_connection(folder / SOCKET)
    try:
        await model(reader, writer)
    finally:
        writer.close()


def test_an_answer_comes_as_it_was_sent_and_the_connection_stays(tmp_path: Path) -> None:
    async def model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await heard(reader) == b"question"
        writer.write(frame(b"answer"))
        await reader.read()

    assert asked(tmp_path, model) == (b"answer", None)


def test_an_answer_above_the_limit_is_not_read(tmp_path: Path) -> None:
    async def model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write((MAX_ANSWER + 1).to_bytes(4, "big"))
        while True:
            writer.write(b"~" * 65536)
            await writer.drain()

    said, why = asked(tmp_path, model)
    assert said == why and "above the limit" in str(why)


@pytest.mark.parametrize("extra", [b"more", b""])
def test_who_speaks_without_being_asked_is_asked_nothing_more(tmp_path: Path, extra: bytes) -> None:
    async def model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(extra))
        await reader.read()

    async def go() -> str:
        door = Door(tmp_path, (1000, 1000))
        inside = asyncio.create_task(enter(tmp_path, model))
        channel = await door.entered()
        why = await channel.gone
        with pytest.raises(ChannelError, match="without being asked"):
            await channel.ask(b"question", 30)
        inside.cancel()
        return why

    assert "without being asked" in asyncio.run(go())


def test_a_model_that_never_answers_or_never_listens_is_waited_for_so_long(tmp_path: Path) -> None:
    async def model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    said, why = asked(tmp_path, model, 0.1)
    assert said == why == "it did not answer within 0.1 s"

    async def deaf() -> None:
        ours, theirs = socket.socketpair()
        channel = Channel(*await asyncio.open_connection(sock=ours))
        with pytest.raises(ChannelError, match="did not answer"):
            await channel.ask(b"q" * 2**24, 0.1)
        theirs.close()

    asyncio.run(deaf())


def test_an_end_in_the_middle_of_an_answer_is_an_end(tmp_path: Path) -> None:
    async def model(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(frame(b"answer")[:7])

    assert asked(tmp_path, model) == ("it ended", "it ended")


def test_the_door_takes_one_connection_and_is_gone(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)  # beyond what a socket's path may be
    deep.mkdir()

    async def go() -> None:
        door = Door(deep, (1000, 1000))
        entering = asyncio.create_task(door.entered())
        with socket.socket(socket.AF_UNIX) as link:
            link.setblocking(False)
            directory = os.open(deep, os.O_RDONLY)
            await asyncio.get_running_loop().sock_connect(link, f"/proc/self/fd/{directory}/{SOCKET}")
            os.close(directory)
            channel = await entering
            assert list(deep.iterdir()) == []
            channel.close("over")

    asyncio.run(go())
