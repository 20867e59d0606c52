"""Files that are either whole or not there, and locks that die with their holder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from trainyard.exits import ExitCode, TrainyardError
from trainyard.faults import reach


def write_atomic(path: Path, data: bytes) -> None:
    """Replaces `path` with `data` so that a reader, or a crash at any moment, sees the old or the new whole.

    Written aside, fsynced, renamed, and the folder fsynced (the rename itself is not durable before that).

    Raises:
        TrainyardError: DISK_FULL, naming the path; the old content is untouched.
    """
    reach("before-write", path.name)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)  # of a killed process that had this id
        # O_EXCL never follows a link that somebody planted
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data[: len(data) // 2])
            reach("during-write", path.name)  # what is torn here was never seen under its name
            file.write(data[len(data) // 2 :])
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(path) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    reach("after-write", path.name)


def is_disk_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(path: Path) -> TrainyardError:
    return TrainyardError(
        ExitCode.DISK_FULL,
        f"{path}: no space left on the disk.",
        "Free some space and run the same command again: nothing written before is lost.",
    )


def sync_folder(folder: Path) -> None:
    """Makes renames and creations inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path, what: str, patience: float = 0.0) -> Iterator[None]:
    """Holds an exclusive advisory lock on `path`; the kernel drops it however the holder ends.

    Args:
        patience: seconds to wait for another holder.

    Raises:
        TrainyardError: BUSY where another process holds it; `what` names the thing for the message.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with path.open("a") as file:
        while not _lock(file):
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise TrainyardError(
                ExitCode.BUSY,
                f"{what} is being worked on by another trainyard command.",
                "Wait for it to end (`trainyard status`), then run this one again.",
            )
        yield


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on `path`."""
    with contextlib.suppress(OSError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
