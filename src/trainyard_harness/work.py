"""The writable copy of the source that a script runs in."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

LARGE = 16 * 2**20
"""Bytes. Larger files are linked to the read-only source instead of copied: they are data, not code."""
SKIPPED = {".git", "__pycache__", ".venv", "node_modules", ".ipynb_checkpoints"}


def copy_source(source: Path, work: Path) -> None:
    """Makes `work` anew from `source`, so that every attempt starts from the pushed tree.

    Symbolic links inside the source are copied as links where they stay inside it, and left out otherwise:
    the source is untrusted.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for folder, folders, files in os.walk(source):
        here = Path(folder)
        target = work / here.relative_to(source)
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in [*folders, *files]:
            if (here / name).is_symlink():
                _copy_link(source, here / name, target / name)
        folders[:] = [name for name in folders if not (here / name).is_symlink()]
        for name in folders:
            (target / name).mkdir(exist_ok=True)
        for name in files:
            path = here / name
            if path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size > LARGE:
                (target / name).symlink_to(path)
            else:
                shutil.copyfile(path, target / name)


def _copy_link(source: Path, link: Path, target: Path) -> None:
    with contextlib.suppress(OSError, RuntimeError):  # a loop of links
        real = link.resolve()
        if real.exists() and real.is_relative_to(source.resolve()):
            target.symlink_to(real)
