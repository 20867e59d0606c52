"""Looking at remotes over HTTP: Git's protocol version 2 on a kept connection, one small request a look.

https://git-scm.com/docs/gitprotocol-v2 (ls-refs) and gitprotocol-http; servers that only speak the older
version send all their refs, which works as well and costs more.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from trainyard.watch.git_process import credential
from trainyard.watch.heads import COMMIT, Heads, PollError, judge, prefixes
from trainyard.watch.settings import RepoTable

if TYPE_CHECKING:
    from aiohttp import BasicAuth, ClientResponse, ClientSession

MAX_ANSWER = 16 * 2**20
"""A longer list of refs is not read: name the branch instead of a pattern."""
_SECONDS = 20
_DELIMITER, _FLUSH = b"0001", b"0000"
_ADVERTISEMENT = "application/x-git-upload-pack-advertisement"


class HttpReader:
    """One connection a host, kept open between looks."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None
        self._second: set[str] = set()
        """URLs known to speak version 2."""
        self._logins: dict[str, BasicAuth] = {}

    async def look(self, repo: RepoTable) -> Heads:
        """One look.

        Raises:
            PollError: whatever is wrong, in one line.
        """
        import aiohttp

        try:
            return judge(await self._refs(repo), repo.branches)
        except TimeoutError:
            raise PollError(f"no answer within {_SECONDS} s", host=True) from None
        except aiohttp.ClientError as error:
            raise PollError(f"no connection: {error}", host=True) from None
        except ValueError as error:
            self._second.discard(repo.url)
            raise PollError(f"answers something that is not Git's protocol: {error}") from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _refs(self, repo: RepoTable) -> dict[str, str]:
        base = repo.url.rstrip("/")
        if repo.url not in self._second:
            lines = _lines(await self._ask("GET", repo.url, f"{base}/info/refs?service=git-upload-pack", b""))
            if lines[:1] == [b"# service=git-upload-pack"]:
                lines = lines[1:]
            if lines[:1] != [b"version 2"]:
                return _advertised(lines)
            self._second.add(repo.url)
        from dulwich.protocol import pkt_line

        body = pkt_line(b"command=ls-refs\n") + _DELIMITER
        body += b"".join(pkt_line(f"ref-prefix {prefix}\n".encode()) for prefix in prefixes(repo.branches))
        return _listed(_lines(await self._ask("POST", repo.url, f"{base}/git-upload-pack", body + _FLUSH)))

    async def _ask(self, method: str, remote: str, url: str, body: bytes) -> bytes:
        session = self._open()
        for attempt in (1, 2):
            login = self._logins.get(remote)
            headers = {"Git-Protocol": "version=2"}
            if method == "POST":
                headers |= {"Content-Type": "application/x-git-upload-pack-request"}
            async with session.request(
                method, url, data=body or None, headers=headers, auth=login, max_redirects=3
            ) as answer:
                if answer.status == 401 and attempt == 1 and login is None:
                    await self._log_in(remote)
                    continue
                if answer.status != 200:
                    self._logins.pop(remote, None)
                    self._second.discard(remote)
                    raise _refusal(answer)
                if method == "GET" and answer.content_type != _ADVERTISEMENT:
                    raise ValueError(f"a page of type {answer.content_type}")
                return await _bounded(answer)
        raise PollError("wants a login")  # a second 401 has been raised above

    async def _log_in(self, remote: str) -> None:
        """What git itself would log in with, from its credential helpers; kept in memory alone."""
        from aiohttp import BasicAuth

        found = await asyncio.to_thread(credential, remote)
        if found is None:
            raise PollError("wants a login; give this account a Git credential helper for it")
        self._logins[remote] = BasicAuth(*found)

    def _open(self) -> ClientSession:
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=1, keepalive_timeout=60),
                timeout=aiohttp.ClientTimeout(total=_SECONDS, sock_connect=10),
                headers={"User-Agent": "git/trainyard-watch", "Accept": "*/*"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=True,  # the site's proxy
            )
        return self._session


def _refusal(answer: ClientResponse) -> PollError:
    after = _retry_after(answer)
    limited = answer.headers.get("X-RateLimit-Remaining") == "0"
    if answer.status == 429 or (answer.status in (403, 503) and (after is not None or limited)):
        return PollError(f"limits the rate (HTTP {answer.status})", host=True, after=after or 60.0)
    if answer.status >= 500:
        return PollError(f"has a fault of its own (HTTP {answer.status})", host=True)
    if answer.status in (401, 403):
        return PollError(f"refuses this host's login (HTTP {answer.status})")
    if answer.status == 404:
        return PollError("is not there, or wants a login (HTTP 404)")
    return PollError(f"answers HTTP {answer.status}")


def _retry_after(answer: ClientResponse) -> float | None:
    """Seconds until the host wants to be asked again, an hour at most: a number, or GitHub's reset time."""
    try:
        if (text := answer.headers.get("Retry-After")) is not None:
            return min(max(float(text), 1.0), 3600.0)
        if (text := answer.headers.get("X-RateLimit-Reset")) is not None:
            return min(max(float(text) - time.time(), 1.0), 3600.0)
    except ValueError:  # Retry-After may be a date
        return 60.0
    return None


async def _bounded(answer: ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        data += chunk
        if len(data) > MAX_ANSWER:
            answer.close()
            raise PollError(f"lists more than {MAX_ANSWER // 2**20} MiB of branches; name one")
    return bytes(data)


def _lines(data: bytes) -> list[bytes]:
    """The packets of an answer, without flushes and line ends."""
    from dulwich.errors import GitProtocolError
    from dulwich.protocol import PktLineParser

    found: list[bytes] = []
    parser = PktLineParser(lambda packet: found.append(packet.rstrip(b"\n")) if packet is not None else None)
    try:
        parser.parse(data)
    except (GitProtocolError, ValueError) as error:
        raise ValueError(str(error)) from None
    if parser.get_tail():
        raise ValueError("it ends in the middle of a line")
    return found


def _advertised(lines: list[bytes]) -> dict[str, str]:
    """`<commit> <ref>` lines of version 0 and 1; the first carries capabilities behind a NUL."""
    found: dict[str, str] = {}
    for line in lines:
        commit, _, ref = line.partition(b"\0")[0].partition(b" ")
        _add(found, commit, ref)
    return found


def _listed(lines: list[bytes]) -> dict[str, str]:
    """`<commit> <ref> <attributes>` lines of version 2."""
    found: dict[str, str] = {}
    for line in lines:
        commit, _, rest = line.partition(b" ")
        _add(found, commit, rest.partition(b" ")[0])
    return found


def _add(found: dict[str, str], commit: bytes, ref: bytes) -> None:
    try:
        name, sha = ref.decode(), commit.decode()
    except UnicodeDecodeError:  # it could not be a job's parameter
        return
    if COMMIT.fullmatch(sha):
        found[name] = sha
