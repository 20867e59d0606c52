"""The datasets' proxy of one training: `python -m trainyard.executors.proxy FOLDER`, outside of the sandbox.

Takes connections of the training's relay on FOLDER/socket, and lets through what `request.json` allows: GET
and HEAD of `http://`, and tunnels to port 443, of listed hosts at public addresses, up to a number of bytes.
Ends a minute after its training.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from trainyard.executors import records
from trainyard.executors.datasets import LOG, SOCKET
from trainyard.runs.untrusted import printable

_LINGER_SECONDS = 60.0
_HEAD_SECONDS = 30.0
_CONNECT_SECONDS = 20.0
_HEAD_BYTES = 16384
_MOST_LOG = 2**20
_MOST_OPEN = 128
_MOST_UP = 64 * 2**20
"""Bytes that one tunnel may send: requests, not a training's data."""
_IDLE_SECONDS = 300.0
# what asks for a part of a file, or only for a newer one
_FROM_CLIENT = ("accept", "accept-encoding", "range", "if-none-match", "if-modified-since", "user-agent")
_FROM_SERVER = (
    "accept-ranges", "content-encoding", "content-length", "content-range", "content-type", "etag",
    "last-modified", "location",
)  # fmt: skip

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedError(Exception):
    """Something that is not let through. The message is one line for the script's developer."""


@dataclass(frozen=True)
class Rules:
    """What is let through.

    Attributes:
        hosts: names, or patterns with `*`; `name:port` for another port than HTTP's and HTTPS' own.
        networks: private networks that listed hosts may be in. Link-local addresses never are allowed: a
            cloud's metadata service gives away credentials there.
        most: bytes in all.
    """

    hosts: tuple[str, ...]
    networks: tuple[str, ...]
    most: int

    def check(self, host: str, port: int, usual: int) -> None:
        """Raises RefusedError where `host` or `port` is not listed."""
        plain = host.lower().rstrip(".")
        for listed in self.hosts:
            name, _, other = listed.lower().partition(":")
            if fnmatchcase(plain, name) and port == (int(other) if other else usual):
                return
        raise RefusedError(f"{host}:{port} is not on this host's list of datasets ([datasets] hosts)")

    def reachable(self, found: str) -> bool:
        """Whether an address that a name stands for may be connected to."""
        address: Address = ipaddress.ip_address(found.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address):
            if address in _NAT64 or address.sixtofour or address.teredo:
                return False  # these lead to IPv4 addresses, private ones too
            address = address.ipv4_mapped or address
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
        listed = any(address in ipaddress.ip_network(network) for network in self.networks)
        return listed or address.is_global


async def resolve(host: str, port: int, rules: Rules) -> list[str]:
    """Addresses of `host` that may be connected to. What is connected to is what was checked.

    Raises:
        RefusedError: there is none.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RefusedError(f"{host} is not found: {getattr(error, 'strerror', None) or error}") from None
    allowed = [str(address[0]) for *_, address in found if rules.reachable(str(address[0]))]
    if not allowed:
        raise RefusedError(f"{host} is at an address of a private network")
    return allowed


@dataclass
class Proxy:
    """One training's proxy."""

    rules: Rules
    folder: Path
    received: int = 0
    open: int = 0

    async def serve(self) -> None:
        """Until no connection has stood for a while."""
        path = self.folder / SOCKET
        path.unlink(missing_ok=True)
        os.chdir(self.folder)  # a socket's path may be 107 bytes long
        server = await asyncio.start_unix_server(self._connected, SOCKET, limit=_HEAD_BYTES)
        path.chmod(0o666)  # the training's user is another one
        quiet = 0.0
        async with server:
            while quiet < _LINGER_SECONDS and path.exists():  # without it the training was removed
                await asyncio.sleep(1)
                quiet = 0.0 if self.open else quiet + 1

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        said, what = "", "?"
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            if head[0] == "HOLD":
                while await reader.read(65536):
                    pass
                return
            what = head[0]
            if self.open > _MOST_OPEN:
                raise RefusedError(f"more than {_MOST_OPEN} downloads at a time")
            await self._answer(head, reader, writer)
        except RefusedError as refused:
            said = str(refused)
            with contextlib.suppress(OSError):
                body = f"{said}\n".encode()
                writer.write(
                    b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                )
                await writer.drain()
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError, aiohttp.ClientError) as error:
            said = f"failed: {str(error) or type(error).__name__}"
        finally:
            if what != "?" or said:
                self._note(f"{what.rpartition(' ')[0] or what}: {said or 'ok'}")
            writer.close()
            self.open -= 1

    async def _answer(
        self, head: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, _ = [*head[0].split(" "), "", ""][:3]
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            await self._tunnel(host.strip("[]"), int(port), reader, writer)
        elif method in ("GET", "HEAD"):
            lines = (line.partition(":") for line in head[1:])
            headers = {name.strip().lower(): value.strip() for name, _, value in lines}
            await self._fetch(method, target, headers, writer)
        else:
            raise RefusedError(f"{method} sends, and only GET, HEAD and HTTPS are let through")

    async def _tunnel(
        self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.rules.check(host, port, 443)
        addresses = await resolve(host, port, self.rules)
        upstream, sender = await _open(addresses, port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            up = asyncio.create_task(self._copy(reader, sender, _MOST_UP))
            # what sends too much loses its tunnel
            up.add_done_callback(lambda up: sender.close() if not up.cancelled() and up.exception() else None)
            try:
                await self._copy(upstream, writer, None)
            finally:
                up.cancel()
        finally:
            sender.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None
    ) -> None:
        """Both directions of a tunnel; `most` bytes up, and down what is left of what is allowed in all."""
        sent = 0
        while True:
            async with asyncio.timeout(_IDLE_SECONDS if most is None else None):
                data = await reader.read(65536)
            if not data:
                break
            if most is None:
                self._take(len(data))
            elif (sent := sent + len(data)) > most:
                raise OSError("more was sent than a download needs")
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _fetch(
        self, method: str, target: str, headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> None:
        url = URL(target)  # read once: two parsers may see two hosts
        if url.scheme != "http" or not url.host or url.port is None:
            raise RefusedError(f"{target[:200]} is no http:// address")
        self.rules.check(url.host, url.port, 80)
        connector = aiohttp.TCPConnector(resolver=_Checked(self.rules), use_dns_cache=False)
        # a literal address is never resolved
        await resolve(url.host, url.port, self.rules)
        timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_IDLE_SECONDS)
        passed = {name: headers[name] for name in _FROM_CLIENT if name in headers}
        async with (
            aiohttp.ClientSession(connector=connector, auto_decompress=False, timeout=timeout) as session,
            session.request(method, url, headers=passed, allow_redirects=False) as answer,
        ):
            kept = [f"{name}: {answer.headers[name]}" for name in _FROM_SERVER if name in answer.headers]
            head = [f"HTTP/1.1 {answer.status} {answer.reason}", *kept, "Connection: close", "", ""]
            writer.write("\r\n".join(head).encode("latin-1", "replace"))
            async for data in answer.content.iter_chunked(65536):
                self._take(len(data))
                writer.write(data)
                await writer.drain()

    def _take(self, size: int) -> None:
        self.received += size
        if self.received > self.rules.most:
            raise OSError(f"more than {self.rules.most // 2**20} MiB (limits.disk) were downloaded")

    def _note(self, line: str) -> None:
        with contextlib.suppress(OSError), (self.folder / LOG).open("ab") as file:
            if file.tell() < _MOST_LOG:
                file.write(f"{printable(line)[:500]}\n".encode())


async def _open(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for number, address in enumerate(addresses, 1):
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await asyncio.open_connection(address, port)
        except (OSError, TimeoutError):
            if number == len(addresses):
                raise
    raise AssertionError("resolve() gives at least one")


class _Checked(AbstractResolver):
    """For plain HTTP: aiohttp connects to what was checked, and to nothing else."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await resolve(host, port, self._rules)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Holds nothing."""


def main(folder: Path) -> int:
    request = records.read(folder / records.REQUEST)
    assert request is not None, "written before this is started"  # noqa: S101
    rules = Rules(tuple(request["hosts"]), tuple(request["networks"]), request["most"])
    asyncio.run(Proxy(rules, folder).serve())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
