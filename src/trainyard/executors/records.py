"""What the process executor and its supervisor leave for each other in a training's folder.

Standard library only: the supervisor must start fast and outlive whatever else breaks.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from pathlib import Path
from typing import Any

REQUEST = "request.json"
"""Written by `start`: what to run, with which environment and limits."""

PROCESS = "process.json"
"""Written by the supervisor before the training starts: its own id."""

ALIVE = "alive"
"""Locked for as long as the supervisor lives. The kernel drops the lock however it ends."""

CHILD = "child.json"
"""The training's process id and start time, so that what outlives a killed supervisor can be ended."""

EXIT = "exit.json"
"""Written by the supervisor at the end: `status`, `exit_code`, `detail`, `peak` (bytes)."""

OUTPUT = "output.log"


def read(path: Path) -> dict[str, Any] | None:
    """The record, or None where it isn't there."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found


def write(path: Path, record: dict[str, Any]) -> None:
    """Whole or not at all, also when the machine goes down."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("w") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def lock(descriptor: int) -> bool:
    """Takes the lock for everyone who holds this open file, children included; False where another has it."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on `path`. Only asks, or it would be in a starter's way."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK))
    finally:
        os.close(descriptor)
    kind: int = struct.unpack("hhqqi", answer)[0]
    return kind != fcntl.F_UNLCK


def _flock(kind: int) -> bytes:
    """A `struct flock` over the whole file (fcntl(2)); the process id stays 0 for locks of an open file."""
    return struct.pack("hhqqi", kind, os.SEEK_SET, 0, 0, 0)


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (proc(5), field 22); None where there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    except OSError:
        return None
