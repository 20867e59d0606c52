"""Handling what pushed code had its hands on: files of a trial's folder, and text meant for a terminal."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

MAX_FILES = 100_000
"""Files and folders of a run: a disk has an end of those too."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What drives a terminal, and what turns the direction of text so that it reads as something else."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def read_plain(path: Path, limit: int) -> bytes | None:
    """A plain file's content; None for what is absent, a link, a pipe, a device, or above `limit` bytes.

    A training may swap the file at any moment, so what is checked is what was opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(limit + 1)
        return data if len(data) <= limit else None


def inside(folder: Path, name: str) -> Path | None:
    """Where `name` leads, if that is there and below `folder`; a name can be anything."""
    try:
        path, folder = (folder / name).resolve(), folder.resolve()
        return path if path != folder and path.is_relative_to(folder) and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long; a NUL in it; links that go round
        return None


def too_much(folders: Sequence[Path], limit: int, most: int = MAX_FILES) -> str | None:
    """What of `folders` is beyond `limit` bytes or `most` entries, in words; None where nothing is.

    Stops as soon as it is; counts blocks, so that a sparse file is what it takes; follows no link.
    """
    size = count = 0
    waiting = [os.fspath(folder) for folder in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > most:
                        return f"more than {most} files"
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if size > limit:
                        return f"more than {limit // 2**20} MiB"
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return "folders nested deeper than a path can be long"
    return None


def remove_tree(path: Path) -> None:
    """Removes a folder that pushed code filled, however deep: rm(1) neither recurses nor follows links."""
    command = ["rm", "-rf", "--one-file-system", "--", os.fspath(path)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def printable(text: str) -> str:
    """`text` without control characters and turns of direction; line breaks and tabs stay."""
    return _CONTROL.sub("?", text)


def escaped(json: str) -> str:
    """The same JSON, in which what `printable` replaces is written as an escape."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def clean(data: bytes) -> bytes:
    """A log without whole escapes either, with line ends for returns; what is no UTF-8 stays as it is."""
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", _ESCAPE.sub("", text)).encode("utf-8", "surrogateescape")
