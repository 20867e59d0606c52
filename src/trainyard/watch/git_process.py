"""Looking at remotes that only git itself reaches (SSH, git://), and asking for its credentials."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from trainyard.exits import TrainyardError
from trainyard.faults import reach
from trainyard.git import SAFE, git, git_environment
from trainyard.watch.heads import BRANCHES, COMMIT, Heads, PollError, judge
from trainyard.watch.settings import RepoTable

_SECONDS = 20.0
_MAX_ANSWER = 16 * 2**20
_HOST_FAULTS = (
    "could not resolve", "connection refused", "connection timed out", "connection reset",
    "connection closed", "operation timed out", "network is unreachable", "no route to host",
    "unable to connect", "kex_exchange", "unable to look up", "name or service not known", "too many",
    "rate limit",
)  # fmt: skip


class GitReader:
    """`git ls-remote`, with SSH connections that outlive one look."""

    def __init__(self) -> None:
        # its names must be short: a socket's path has 108 bytes
        self._sockets = tempfile.TemporaryDirectory(prefix="trainyard-ssh-")

    def look(self, repo: RepoTable) -> Heads:
        """One look; blocks for _SECONDS at most.

        Raises:
            PollError: with git's own reason.
        """
        environment = git_environment()
        environment.setdefault("GIT_SSH_COMMAND", self._ssh())
        command = ["git", *SAFE, "ls-remote", "--", repo.url]
        command += [BRANCHES + pattern for pattern in repo.branches if not pattern.startswith("!")]
        # Files, not pipes: an SSH connection that is kept open keeps its pipes too.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = _run(command, environment, out, err)
            if code != 0:
                raise _reason(_text(err, 4096))
            answer = _text(out, _MAX_ANSWER + 1)
        if len(answer) > _MAX_ANSWER:
            raise PollError(f"lists more than {_MAX_ANSWER // 2**20} MiB of branches; name one")
        refs: dict[str, str] = {}
        for line in answer.splitlines():
            commit, _, name = line.partition("\t")
            if COMMIT.fullmatch(commit) and "\ufffd" not in name:
                refs[name] = commit
        return judge(refs, repo.branches)

    def close(self) -> None:
        self._sockets.cleanup()

    def _ssh(self) -> str:
        return (
            "ssh -oBatchMode=yes -oConnectTimeout=10 -oControlMaster=auto -oControlPersist=60 "
            f"-oControlPath={Path(self._sockets.name) / '%C'}"
        )


def credential(url: str) -> tuple[str, str] | None:
    """What git's credential helpers say about `url`: name and password, or None. Nobody is asked."""
    parts = urlsplit(url)
    wanted = (
        f"protocol={parts.scheme}\nhost={parts.netloc.rpartition('@')[2]}\npath={parts.path.lstrip('/')}\n\n"
    )
    try:
        done = git(["credential", "fill"], check=False, given=wanted.encode())
    except TrainyardError:
        return None
    found = dict(line.partition("=")[::2] for line in done.stdout.decode(errors="replace").splitlines())
    name, password = found.get("username"), found.get("password")
    return (name, password) if done.returncode == 0 and name and password else None


def _run(command: list[str], environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> int:
    try:
        reach("git", "ls-remote")
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    except OSError as error:
        raise PollError(f"git cannot be started: {error.strerror}", host=True) from None
    try:
        return process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise PollError(f"no answer within {_SECONDS:.0f} s", host=True) from None


def _text(file: IO[bytes], limit: int) -> str:
    file.seek(0)
    return file.read(limit).decode(errors="replace")


def _reason(said: str) -> PollError:
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["git gives no reason"]
    fatal = next((line for line in lines if line.startswith("fatal:")), lines[0])
    first = lines[0] if "could not read from remote" in fatal.lower() else fatal
    host = any(fault in said.lower() for fault in _HOST_FAULTS)
    return PollError(f"git cannot read it: {first.removeprefix('fatal: ')[:200]}", host=host)
