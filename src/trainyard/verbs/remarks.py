"""What a commit holds that is not trained with: submodules, Git LFS; and whether history was rewritten."""

from __future__ import annotations

from pathlib import Path

from trainyard.git import git
from trainyard.runs.untrusted import printable, read_plain

_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_POINTER_BYTES = range(100, 400)
"""A pointer has three short lines (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)."""
_NAMED = 3


def remarks(cache: Path, commit: str, source: Path, before: str | None) -> list[str]:
    """Sentences for a person about a fetched commit.

    Args:
        cache: the bare repository that holds it.
        source: its checkout, within the limits that `sources` keeps.
        before: the commit that its branch had a run of last.
    """
    submodules, pointers = [], []
    for line in git(["ls-tree", "-r", "-l", "-z", commit], cwd=cache).stdout.split(b"\0"):
        fields, tab, name = line.partition(b"\t")
        if not tab:
            continue
        mode, _, _, size = fields.split()
        shown = printable(name.decode(errors="replace"))
        if mode == b"160000":
            submodules.append(shown)
        elif size.isdigit() and int(size) in _POINTER_BYTES:
            held = read_plain(source / name.decode(errors="surrogateescape"), _POINTER_BYTES.stop)
            if held is not None and held.startswith(_POINTER):
                pointers.append(shown)
    found = []
    if submodules:
        found.append(f"Submodules are not fetched: {_some(submodules)}.")
    if pointers:
        found.append(f"Content kept in Git LFS is not fetched: {_some(pointers)}.")
    if before and before != commit and _rewritten(cache, before, commit):
        found.append(f"The branch was rewritten: {before[:10]}, trained before, is not in its history.")
    return found


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(name[:80] for name in names[:_NAMED]) + more


def _rewritten(cache: Path, before: str, commit: str) -> bool:
    done = git(["merge-base", "--is-ancestor", before, commit], cwd=cache, check=False)
    return done.returncode == 1  # 128: not even the commit is there
