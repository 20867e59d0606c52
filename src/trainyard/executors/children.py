"""How a supervisor starts a training: as a process of its own, or as a fork of one that is warm."""

from __future__ import annotations

import ctypes
import json
import signal
import socket
import subprocess
from typing import Any, Protocol

_PR_SET_PDEATHSIG = 1
_LONGEST = 4096


class Child(Protocol):
    """A training's process, leader of a session of its own."""

    pid: int

    def code(self) -> int:
        """Waits for its end: the exit code, negative for a signal."""


class Cold:
    """A new process of the request's command.

    Args:
        output: the descriptor that it prints to.

    Raises:
        OSError: there is no such command.
    """

    def __init__(self, request: dict[str, Any], output: int) -> None:
        self._process = _popen(request, request["command"], stdout=output, stderr=output)
        self.pid = self._process.pid

    def code(self) -> int:
        return self._process.wait()


class Warm:
    """A process with the framework imported (`trainyard_harness.warm`), whose forks are trainings."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [request["command"][0], "-m", "trainyard_harness.warm", str(theirs.fileno())]
        try:
            self._process = _popen(request, command, pass_fds=(theirs.fileno(),))
        finally:
            theirs.close()
        self.pid = self._process.pid
        self.lives = True
        """Whether it can be asked for another fork."""

    def fork(self, request: dict[str, Any], output: int) -> Child:
        """A training as its fork; as a new process where it turns out not to work."""
        try:
            message = json.dumps({"env": request["env"], "cwd": request["cwd"]}).encode()
            socket.send_fds(self._link, [message], [output])
            return _Fork(self, self._link, json.loads(self._link.recv(_LONGEST))["pid"])
        except (OSError, ValueError):
            self.end()
            return Cold(request, output)

    def end(self) -> None:
        self.lives = False
        self._process.kill()
        self._process.wait()


class _Fork:
    def __init__(self, warm: Warm, link: socket.socket, pid: int) -> None:
        self._warm, self._link, self.pid = warm, link, pid

    def code(self) -> int:
        try:
            self._link.send(b"watched")
            return int(json.loads(self._link.recv(_LONGEST))["code"])
        except (OSError, ValueError):  # something killed it, and that kills its forks
            self._warm.end()
            return -signal.SIGKILL


def prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _popen(request: dict[str, Any], command: list[str], **more: Any) -> subprocess.Popen[bytes]:
    null: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    return subprocess.Popen(
        command,
        env=request["env"],
        cwd=request["cwd"],
        start_new_session=True,
        # a supervisor that is killed takes the training with it: two of one name must never run
        preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - there is one thread
        **(null | more),
    )
