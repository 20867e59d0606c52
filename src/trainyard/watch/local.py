"""Looking at repositories on this machine: their refs are read as files, by dulwich, without a process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.sources import local_path
from trainyard.watch.heads import BRANCHES, COMMIT, Heads, PollError, judge
from trainyard.watch.settings import RepoTable

if TYPE_CHECKING:
    from dulwich.refs import RefsContainer

_LOG_BYTES = 256 * 1024
"""How much of a branch's log is read, from its end: some thousand pushes between two looks."""


class LocalReader:
    """Keeps repositories' refs open; only what changed is read again."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[RefsContainer, Path]] = {}

    def look(self, repo: RepoTable, since: Mapping[str, str]) -> Heads:
        """One look. `since`: what the last one saw, commit by branch.

        Raises:
            PollError: there is no repository (any more), or it cannot be read.
        """
        try:
            refs, folder = self._refs(repo.url)
            heads = judge(_read(refs, repo.branches), repo.branches)
        except (OSError, ValueError, KeyError, AssertionError) as error:
            self._open.pop(repo.url, None)
            raise PollError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
        between = {
            branch: log
            for branch, tip in heads.tips.items()
            if (old := since.get(branch)) not in (None, tip) and (log := _between(folder, branch, old, tip))
        }
        return Heads(heads.tips, between, heads.remark)

    def _refs(self, url: str) -> tuple[RefsContainer, Path]:
        known = self._open.get(url)
        if known is None:
            from dulwich.errors import NotGitRepository
            from dulwich.repo import Repo

            try:
                with Repo(str(local_path(url))) as repo:
                    known = self._open[url] = (repo.refs, Path(repo.commondir()))
            except NotGitRepository:
                raise PollError("is not a Git repository") from None
        elif not known[1].is_dir():
            raise FileNotFoundError(2, "No such file or directory")
        return known


def _read(refs: RefsContainer, patterns: tuple[str, ...]) -> dict[str, str]:
    from dulwich.refs import Ref

    found: dict[bytes, bytes] = {}
    if any("*" in pattern for pattern in patterns):
        found = {BRANCHES.encode() + k: v for k, v in refs.as_dict(Ref(BRANCHES.encode())).items()}
    else:
        for pattern in patterns:
            name = Ref((BRANCHES + pattern).encode())
            if not pattern.startswith("!") and name in refs:
                found[name] = refs[name]
    # a name that is not UTF-8 cannot be a job's parameter; judge() then does not see that branch
    return {name.decode(errors="replace"): commit.decode() for name, commit in found.items() if _utf8(name)}


def _between(folder: Path, branch: str, old: str | None, tip: str) -> list[str]:
    """What the branch's log says that was its head after `old`; [] where there is no (such) log."""
    from dulwich.reflog import parse_reflog_line

    try:
        with (folder / "logs" / "refs" / "heads" / branch).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_BYTES))
            lines = file.read(_LOG_BYTES).splitlines()
    except OSError:
        return []
    commits = []
    for line in lines:
        try:
            commits.append(bytes(parse_reflog_line(line).new_sha).decode())
        except (ValueError, IndexError):
            continue  # cut through by the limit, or by a killed git
    for wanted in (tip, old):
        if wanted not in commits:
            return []
    end = len(commits) - commits[::-1].index(tip)
    start = max((i for i in range(end) if commits[i] == old), default=end - 1)
    return [
        commit for commit in commits[start + 1 : end] if COMMIT.fullmatch(commit) and set(commit) != {"0"}
    ]


def _utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
