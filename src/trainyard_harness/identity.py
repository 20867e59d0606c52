"""What a checkpoint belongs to: the same code, asked the same."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from trainyard_harness.trial import Trial

_CODE = {".py", ".ipynb", ".toml", ".json", ".yaml", ".yml", ".cfg"}
LARGEST = 2**20


def identity(trial: Trial, force_holdout: bool) -> str:
    """A hash over the source's code, sizes of its other files, job.json and spec.json."""
    found = hashlib.sha256(str(force_holdout).encode())
    for folder, folders, files in os.walk(trial.source):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(files):
            _add(found, Path(folder) / name, trial.source)
    for name in ("job.json", "spec.json"):
        if (trial.folder / name).is_file():
            _add(found, trial.folder / name, trial.folder)
    return found.hexdigest()


def _add(found: hashlib._Hash, path: Path, top: Path) -> None:
    if not path.is_file():
        return
    size = path.stat().st_size
    found.update(f"{path.relative_to(top)}\0{size}\0".encode(errors="surrogateescape"))
    if path.suffix in _CODE and size <= LARGEST:
        found.update(path.read_bytes())
