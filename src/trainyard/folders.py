"""Plain folders as sources: named by their content, copied without what nobody means to give."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

from trainyard.exits import ExitCode, TrainyardError

MAX_BYTES = 2 * 2**30
MAX_FILES = 200_000
MAX_DEPTH = 100
"""A folder or commit above these is not taken: somebody named the wrong one, or means to fill the disk."""

_SKIPPED = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules", ".ipynb_checkpoints"})


def check_size(what: str, files: int, size: int, depth: int) -> None:
    """Refuses what is above the limits.

    Raises:
        TrainyardError: NOT_FOUND.
    """
    if size > MAX_BYTES:
        held = f"holds more than {MAX_BYTES // 2**30} GiB"
    elif files > MAX_FILES:
        held = f"holds more than {MAX_FILES} files"
    elif depth > MAX_DEPTH:
        held = f"nests more than {MAX_DEPTH} folders"
    else:
        return
    raise TrainyardError(
        ExitCode.NOT_FOUND, f"{what}: {held}.", "Name the folder with the training code; keep data out of it."
    )


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    size = 0
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        depth = len(Path(root).parts) - len(folder.parts)
        for name in sorted(names):
            path = Path(root, name)
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode) or stat.S_ISREG(status.st_mode):
                found.append(path)
                size += status.st_size
        found += [Path(root, name) for name in folders if Path(root, name).is_symlink()]
        check_size(str(folder), len(found), size, depth)
    return sorted(found)


def content_hash(folder: Path) -> str:
    """The sha256 of all its files: names, contents, links, what may be executed."""
    digest = hashlib.sha256()
    for path in _files(folder):
        name = os.fsencode(path.relative_to(folder))
        link = path.is_symlink()
        data = os.fsencode(path.readlink()) if link else path.read_bytes()
        executable = not link and bool(path.stat().st_mode & stat.S_IXUSR)
        digest.update(b"%d %d %d\0%s\0" % (len(data), link, executable, name))
        digest.update(data)
    return digest.hexdigest()


def snapshot(folder: Path, destination: Path) -> None:
    """Copies its files into `destination`; links stay links."""
    for path in _files(folder):
        target = destination / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
