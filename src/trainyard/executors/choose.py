"""Which executor a host has."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from trainyard.executors.base import Executor
from trainyard.exits import ExitCode, TrainyardError

_PING = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"
_PING_SECONDS = 1.0
_SOCKET = "/var/run/docker.sock"


def choose(executor: str, home: Path) -> Executor:
    """The executor of that name; for `auto` Docker where the engine answers, else processes.

    Args:
        executor: `auto`, `docker` or `process`.
        home: the state home.

    Raises:
        TrainyardError: NO_EXECUTOR where Docker was asked for and does not answer; BAD_CONFIG for other
            names.
    """
    if executor not in ("auto", "docker", "process"):
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"There is no executor {executor!r}.", "Name auto, docker or process."
        )
    if executor != "process":
        reason = why_no_engine()
        if reason is None:
            from trainyard.executors.docker import DockerExecutor

            return DockerExecutor(home)
        if executor == "docker":
            raise TrainyardError(
                ExitCode.NO_EXECUTOR,
                f"The Docker Engine does not answer: {reason}.",
                "Start it (scripts/ensure-docker installs one), or use --executor process, unisolated.",
            )
    from trainyard.executors.process import ProcessExecutor

    return ProcessExecutor(home)


def why_no_engine() -> str | None:
    """None where the engine answers within a second, else why not. Without the SDK, which is slow to load."""
    host = os.environ.get("DOCKER_HOST") or f"unix://{_SOCKET}"
    kind, _, address = host.partition("://")
    try:
        if kind == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(_PING_SECONDS)
            connection.connect(address)
        elif kind == "tcp" and not os.environ.get("DOCKER_TLS_VERIFY"):
            name, _, port = address.rpartition(":")
            connection = socket.create_connection((name, int(port)), _PING_SECONDS)
        else:
            return f"DOCKER_HOST={host} is not a socket of this machine, and code cannot be mounted elsewhere"
        with connection:
            connection.sendall(_PING)
            return None if b" 200 " in connection.recv(64) else f"{host} is not a Docker Engine"
    except (OSError, ValueError) as error:
        return f"{host}: {getattr(error, 'strerror', None) or error}"
