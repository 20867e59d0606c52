"""The harness's files: whole or not there, whatever moment the machine dies at."""

from __future__ import annotations

import contextlib
import json
import math
import os
from pathlib import Path
from typing import Any


def write_atomic(path: Path, data: bytes) -> None:
    """Replaces `path` with `data`: written aside, fsynced, renamed, and the folder fsynced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_quickly(path: Path, data: bytes) -> None:
    """Like `write_atomic` without the fsyncs: for progress, which a crash of the machine may take back."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(data)
    aside.replace(path)


def sync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`; None where the file is missing, torn, or holds something else."""
    with contextlib.suppress(OSError, ValueError):
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, dict):
            return value
    return None


def dump(value: Any) -> bytes:
    """Strict JSON: whatever JSON cannot hold becomes its nearest, NaN and infinities become null."""
    return (json.dumps(plain(value), indent=1, allow_nan=False) + "\n").encode()


def plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911  one line per type
    """`value` as JSON-able data: numpy values, paths and tuples are converted, the rest becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth > 40:  # a configuration that contains itself
        return "..."
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    tolist = getattr(value, "tolist", None)
    if tolist is not None and type(value).__module__.split(".")[0] in {"numpy", "pandas"}:
        return plain(tolist(), depth + 1) if getattr(value, "size", 1) <= 10_000 else "..."
    if isinstance(value, type) or callable(value):
        return getattr(value, "__name__", repr(value))
    return str(value)[:500]
