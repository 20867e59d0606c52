"""Finding and reading a repository's files, within bounds and never out of its tree."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from trainyard.detect.knowledge.words import words

MAX_ENTRIES = 60_000
"""Directory entries looked at before the rest of the tree is left out."""
MAX_DEPTH = 24
MAX_SCRIPTS = 1_500
"""Python files and notebooks that are read at most, the shallowest first."""
MAX_SCRIPT_BYTES = 1_000_000
"""A bigger Python file is data or generated; ast needs about a hundred times its size in memory."""
MAX_NOTEBOOK_BYTES = 40_000_000
"""Notebooks carry their pictures; only their code is kept."""
MAX_TOTAL_BYTES = 24_000_000
"""Code that is read in all."""
MAX_TEXT_BYTES = 200_000
"""Of a README, Makefile or requirements file."""

_SKIPPED_FOLDERS = words(
    """
    __pycache__ node_modules site-packages dist-packages venv env virtualenv ENV __MACOSX third_party
    third-party thirdparty vendor vendored _vendor external externals bower_components egg-info htmlcov Lib
    conda-meta pkgs
    """
)
_VENV_MARKS = ("pyvenv.cfg", "conda-meta")
_TEXTS = re.compile(
    r"(?i)^(readme.*|makefile|dockerfile.*|.*\.dockerfile|jenkinsfile|procfile|run.*\.(sh|bat)|.*\.sh|dvc\.ya?ml|mlproject"
    r"|docker-compose.*\.ya?ml|\.travis\.yml|\.gitlab-ci\.yml|tox\.ini|pyproject\.toml|setup\.(py|cfg)|entrypoint.*|.*\.ya?ml)$"
)
_REQUIREMENTS = re.compile(
    r"(?i)^(requirements?[\w.-]*\.(txt|in)|requires?\.txt|pyproject\.toml|environment[\w.-]*\.ya?ml|conda[\w.-]*\.ya?ml|pipfile|setup\.py)$"
)


@dataclass
class Tree:
    """What a walk found. Paths are relative to `root`, with `/`."""

    root: Path
    scripts: list[tuple[str, int]] = field(default_factory=list)
    """Python files and notebooks with their sizes."""
    texts: list[str] = field(default_factory=list)
    """Files that may name the entry script: README, Makefile, Dockerfile, CI, shell scripts."""
    requirements: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    """Every other file, to tell which data files are missing."""
    folders: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    """Folders with an `__init__.py`."""
    notes: list[str] = field(default_factory=list)


def walk(root: Path) -> Tree:  # noqa: PLR0912 - a table of cases
    """Lists a repository breadth first. Symbolic links are not followed at all."""
    tree = Tree(root)
    queue: list[tuple[str, int]] = [("", 0)]
    seen = 0
    linked = 0
    too_deep = False
    for prefix, depth in queue:
        try:
            with os.scandir(root / prefix) as entries:
                listed = sorted(entries, key=_name)
        except OSError:
            continue
        if prefix and any(e.name in _VENV_MARKS for e in listed):
            continue
        for entry in listed:
            seen += 1
            if seen > MAX_ENTRIES:
                break
            name = entry.name
            if entry.is_symlink():
                linked += 1
                continue
            path = f"{prefix}/{name}" if prefix else name
            if entry.is_dir(follow_symlinks=False):
                if _skipped_folder(name):
                    continue
                if depth + 1 > MAX_DEPTH:
                    too_deep = True
                    continue
                tree.folders.add(path)
                queue.append((path, depth + 1))
            elif entry.is_file(follow_symlinks=False):
                _sort_file(tree, entry, path, prefix, depth)
        if seen > MAX_ENTRIES:
            tree.notes.append(f"The tree has more than {MAX_ENTRIES} entries: the rest is left out.")
            break
    if linked:
        tree.notes.append(f"{linked} symbolic link(s) not followed.")
    if too_deep:
        tree.notes.append(f"Folders deeper than {MAX_DEPTH} levels are left out.")
    if len(tree.scripts) > MAX_SCRIPTS:
        tree.notes.append(
            f"{len(tree.scripts)} Python files: only the {MAX_SCRIPTS} nearest to the top are read."
        )
        tree.scripts = tree.scripts[:MAX_SCRIPTS]
    return tree


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _skipped_folder(name: str) -> bool:
    return (
        name in _SKIPPED_FOLDERS
        or name.endswith(".egg-info")
        or (name.startswith(".") and name not in (".github", ".circleci"))
    )


def _sort_file(tree: Tree, entry: os.DirEntry[str], path: str, prefix: str, depth: int) -> None:
    name = entry.name
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("py", "ipynb", "py3", "pyw"):
        try:
            size = entry.stat(follow_symlinks=False).st_size
        except OSError:
            return
        tree.scripts.append((path, size))
        if name == "__init__.py":
            tree.packages.add(prefix)
        if name != "setup.py":
            return
    if depth <= 3 and _TEXTS.match(name):
        tree.texts.append(path)
    if depth <= 2 and _REQUIREMENTS.match(name):
        tree.requirements.append(path)
    tree.others.add(path)


def read(root: Path, path: str, limit: int) -> bytes | None:
    """The first `limit` bytes of a regular file inside the tree; None where it can't be read."""
    try:
        descriptor = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        with os.fdopen(descriptor, "rb") as file:
            return file.read(limit)
    except OSError:
        return None


def read_text(root: Path, path: str) -> str:
    """The beginning of a text file, whatever its encoding; empty where it can't be read."""
    data = read(root, path, MAX_TEXT_BYTES)
    return data.decode("utf-8", "replace") if data else ""
