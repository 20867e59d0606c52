"""Handing a run's next training to the supervisor that has a warm process for it.

The supervisor listens only while it has nothing to do. What `start` sends is the training's folder and the
descriptor that holds its lock, so that there is no moment in which nobody holds that.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainyard.executors import records

PATIENCE = 60.0
"""Seconds that a warm process is kept for the next trial of its run."""
_LOOK_SECONDS = 0.2
_LONGEST = 4096
_OF_ITS_OWN = {"TRAINYARD_TRIAL", "TRAINYARD_PARENT", "HOME", "TMPDIR"}
"""Variables that differ between the trainings of one run."""


def given(folder: Path, request: dict[str, Any], lock: int) -> bool:
    """Whether a waiting supervisor has taken the training over."""
    with contextlib.suppress(OSError), _socket(folder, request) as (link, address):
        link.connect(address)
        socket.send_fds(link, [os.fsencode(folder.resolve())], [lock])
        return bool(link.recv(1))  # nothing where it ended meanwhile
    return False


def awaited(folder: Path, request: dict[str, Any]) -> tuple[Path, int] | None:
    """Waits for the run's next training: its folder and lock.

    Args:
        folder: of the training that has ended; once it is removed its run is over.

    Returns:
        None where none comes.
    """
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(OSError), _socket(folder, request) as (link, address):
        Path(address).unlink(missing_ok=True)
        link.bind(address)
        link.listen()
        mine = Path(address).stat().st_ino
        try:
            while time.monotonic() < deadline and (folder / records.EXIT).exists():
                if select.select([link], [], [], _LOOK_SECONDS)[0]:
                    taken, _ = link.accept()
                    with taken:
                        name, descriptors, _, _ = socket.recv_fds(taken, _LONGEST, 1)
                        if descriptors:
                            taken.send(b"1")
                            return Path(os.fsdecode(name)), descriptors[0]
        finally:
            with contextlib.suppress(OSError):
                if Path(address).stat().st_ino == mine:
                    Path(address).unlink()
    return None


@contextlib.contextmanager
def _socket(folder: Path, request: dict[str, Any]) -> Iterator[tuple[socket.socket, str]]:
    """A socket, and the address that all trainings alike but for their trial share.

    An address may have 108 bytes, which a state home may be longer than: it goes by the folder's descriptor.
    """
    shared = {name: value for name, value in request["env"].items() if name not in _OF_ITS_OWN}
    key = hashlib.sha256(json.dumps([request["command"], shared], sort_keys=True).encode()).hexdigest()
    top = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            yield link, f"/proc/self/fd/{top}/.warm-{key[:16]}"
    finally:
        os.close(top)
