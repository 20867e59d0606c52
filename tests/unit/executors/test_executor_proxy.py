"""The datasets' proxy: what it lets through, and all that it does not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from trainyard.executors import proxy
from trainyard.executors.proxy import Proxy, RefusedError, Rules, resolve

HOME = ("127.0.0.0/8",)
"""The stand-in for a host of datasets is on this machine."""


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.17.0.1", "100.64.0.1", "0.0.0.0", "169.254.169.254",
        "224.0.0.1", "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "::ffff:169.254.169.254",
        "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_not_connected_to(address: str) -> None:
    assert not Rules(("*",), (), 1).reachable(address)


def test_a_private_network_may_be_listed_and_the_metadata_service_never() -> None:
    rules = Rules(("*",), ("10.1.0.0/16", "169.254.0.0/16", "::/0", "0.0.0.0/0"), 1)
    assert rules.reachable("10.1.2.3")
    assert not rules.reachable("169.254.169.254") and not rules.reachable("::ffff:169.254.169.254")
    assert Rules((), (), 1).reachable("8.8.8.8") and Rules((), (), 1).reachable("2606:4700::1111")


def test_hosts_are_listed_by_name_pattern_and_port() -> None:
    rules = Rules(("a.example", "*.b.example", "c.example:8443"), (), 1)
    for host, port in (("a.example", 443), ("A.EXAMPLE.", 443), ("x.b.example", 443), ("c.example", 8443)):
        rules.check(host, port, 443)
    for host, port in (
        ("a.example", 22), ("b.example", 443), ("a.example.evil", 443), ("xa.example", 443),
        ("c.example", 443), ("", 443), ("evil/a.example", 443),
    ):  # fmt: skip
        with pytest.raises(RefusedError, match="list of datasets"):
            rules.check(host, port, 443)


def test_a_listed_name_that_leads_into_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        answers = [(0, 0, 0, "", ("169.254.169.254", 443)), (0, 0, 0, "", ("10.0.0.1", 443))]

        async def found(*_: object, **__: object) -> object:
            return answers

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
        with pytest.raises(RefusedError, match="private network"):
            await resolve("rebound.example", 443, Rules(("*",), (), 1))
        answers.append((0, 0, 0, "", ("8.8.8.8", 443)))
        assert await resolve("rebound.example", 443, Rules(("*",), (), 1)) == ["8.8.8.8"]

    asyncio.run(work())


Ask = Callable[[bytes], Awaitable[bytes]]


@contextlib.asynccontextmanager
async def standing(folder: Path, most: int = 2**20) -> AsyncIterator[tuple[Ask, int, Proxy]]:
    """A proxy, what asks it, and the port of a host that answers 100,000 bytes to whatever it gets."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(1000)
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nSet-Cookie: a=b\r\n\r\n" + b"x" * 100000
            )
            await writer.drain()
            writer.close()

    host = await asyncio.start_server(answer, "127.0.0.2", 0)
    port = host.sockets[0].getsockname()[1]
    made = Proxy(Rules((f"127.0.0.2:{port}", f"169.254.169.254:{port}"), HOME, most), folder)
    serving = asyncio.create_task(made.serve())
    while not (folder / "socket").exists() or not (folder / "socket").stat().st_mode & 0o002:
        await asyncio.sleep(0.01)

    async def ask(request: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(folder / "socket")
        writer.write(request)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            if request.startswith(b"CONNECT") and (line := await reader.readline()).startswith(
                b"HTTP/1.1 200"
            ):
                writer.write(b"hello")
                return line + await reader.read()
        with contextlib.suppress(ConnectionError):
            return await reader.read()
        return b""

    try:
        yield ask, port, made
    finally:
        serving.cancel()
        host.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # it changes into its folder, and is put back
    return tmp_path


def test_files_and_tunnels_of_listed_hosts_are_let_through(here: Path) -> None:
    async def work() -> None:
        async with standing(here) as (ask, port, _):
            got = await ask(b"GET http://127.0.0.2:%d/f HTTP/1.1\r\nRange: bytes=0-\r\n\r\n" % port)
            assert got.startswith(b"HTTP/1.1 200 OK") and got.endswith(b"x" * 100000)
            assert b"Cookie" not in got
            tunnel = await ask(b"CONNECT 127.0.0.2:%d HTTP/1.1\r\n\r\n" % port)
            assert tunnel.count(b"200") == 2 and tunnel.endswith(b"x" * 100000)

    asyncio.run(work())
    assert (here / "log").read_text().count(": ok\n") == 2


@pytest.mark.parametrize(
    "request_line",
    [
        "POST http://127.0.0.2:%d/ HTTP/1.1", "PUT http://127.0.0.2:%d/ HTTP/1.1",
        "GET http://127.0.0.1:%d/ HTTP/1.1", "GET http://127.0.0.2:22/ HTTP/1.1",
        "GET http://169.254.169.254:%d/ HTTP/1.1", "CONNECT 169.254.169.254:%d HTTP/1.1",
        "GET http://127.0.0.2:%d@127.0.0.1:22/ HTTP/1.1", "GET http://127.0.0.2:%d\\@127.0.0.1:22/ HTTP/1.1",
        "GET file:///etc/passwd HTTP/1.1", "GET /f HTTP/1.1", "GET", "", "CONNECT", "CONNECT x HTTP/1.1",
        "CONNECT 127.0.0.1:22 HTTP/1.1", "CONNECT 127.0.0.2:%d:22 HTTP/1.1", "GET http://[::1 HTTP/1.1",
        "\x16\x03\x01 \x00", "GET http://127.0.0.2:%d/ HTTP/1.1\r\n" + "x" * 100_000,
    ],
)  # fmt: skip
def test_all_else_is_refused_and_said(here: Path, request_line: str) -> None:
    async def work() -> None:
        async with standing(here) as (ask, port, _):
            line = request_line.replace("%d", str(port))
            got = await ask(f"{line}\r\n\r\n".encode("latin-1"))
            assert not got.startswith(b"HTTP/1.1 200") and b"xxxx" not in got, got[:200]
            assert (await ask(b"CONNECT 127.0.0.2:%d HTTP/1.1\r\n\r\n" % port)).endswith(b"x"), (
                "it still works"
            )

    asyncio.run(work())


def test_more_bytes_than_the_disk_may_hold_are_not_downloaded(here: Path) -> None:
    async def work() -> None:
        async with standing(here, most=150_000) as (ask, port, made):
            request = b"GET http://127.0.0.2:%d/f HTTP/1.1\r\n\r\n" % port
            assert len(await ask(request)) > 100_000
            assert len(await ask(request)) < 100_000
            assert made.received >= 150_000

    asyncio.run(work())
    assert "limits.disk" in (here / "log").read_text()


def test_a_proxy_whose_training_was_removed_ends(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "_LINGER_SECONDS", 10**6)

    async def work() -> None:
        made = Proxy(Rules((), (), 1), here)
        serving = asyncio.create_task(made.serve())
        while not (here / "socket").exists():
            await asyncio.sleep(0.01)
        (here / "socket").unlink()
        await serving

    asyncio.run(work())
