"""Where pushed code comes from: a git repository at a commit, or a plain folder named by its content.

Everything that git says (URLs, branch names, paths) is hostile: options end before it, hooks and
exotic transports are off, and nothing of it reaches a shell.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from trainyard.exits import ExitCode, TrainyardError
from trainyard.faults import reach
from trainyard.folders import check_size, content_hash, snapshot
from trainyard.git import SAFE, git, git_environment
from trainyard.runs.atomic import disk_full, locked

_SHA = re.compile(r"[0-9a-fA-F]{4,64}")


@dataclass(frozen=True)
class Source:
    """A resolved source: fetching it again gives the same bytes."""

    url: str
    branch: str
    commit: str
    """A git commit, or `content-<sha256>` of a plain folder."""
    is_git: bool
    dirty: bool = False


def resolve(url: str, branch: str, commit: str, cache: Path) -> Source:
    """Fetches what `url` has and pins it to one commit.

    Args:
        url: a path or any URL that git understands.
        branch: a branch; empty means the remote's HEAD.
        commit: a commit of that repository; empty means the branch's head.
        cache: the bare repository that fetched objects are kept in.

    Raises:
        TrainyardError: NOT_FOUND, UNKNOWN_COMMIT, DISK_FULL.
    """
    if not url.strip():
        raise TrainyardError(ExitCode.NOT_FOUND, "no path or URL was given.", "Name a folder or repository.")
    local = local_path(url)
    if local is None:
        return _resolve_git(url, branch, commit, cache)
    if not local.exists():
        raise TrainyardError(
            ExitCode.NOT_FOUND, f"{url}: no such file or folder.", "Check the path, or give a git URL."
        )
    if not local.is_dir():
        raise TrainyardError(ExitCode.NOT_FOUND, f"{url}: is a file.", "Give the folder that holds it.")
    if _is_repository(local):
        source = _resolve_git(str(local), branch, commit, cache)
        return replace(source, dirty=_is_dirty(local, cache))
    if commit and not commit.startswith("content-"):
        raise TrainyardError(
            ExitCode.UNKNOWN_COMMIT,
            f"{url}: is a plain folder and has no commit {commit!r}.",
            "Leave the commit out, or make the folder a git repository.",
        )
    return Source(str(local), "", f"content-{content_hash(local)}", is_git=False)


def refuse_secrets(url: str) -> None:
    """Refuses a URL that holds a password: it would end in state files, logs and process lists.

    Raises:
        TrainyardError: BAD_CONFIG; its message does not repeat the URL.
    """
    if re.match(r"[a-z][a-z0-9+.-]*://[^/@]*:[^/@]*@", url, re.IGNORECASE):
        raise TrainyardError(
            ExitCode.BAD_CONFIG,
            "the URL holds a password.",
            "Take it out and give git a credential helper, or use an SSH key.",
        )


def materialise(source: Source, cache: Path, destination: Path) -> None:
    """Puts the source's files into `destination`, whole or not at all; nothing of `.git` comes along.

    Raises:
        TrainyardError: DISK_FULL; UNKNOWN_COMMIT where a folder changed since it was resolved.
    """
    if destination.exists():
        return
    partial = destination.with_name(f".{destination.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        if source.is_git:
            _checkout(source.commit, cache, partial)
        else:
            snapshot(Path(source.url), partial)
            if f"content-{content_hash(partial)}" != source.commit:
                raise TrainyardError(
                    ExitCode.UNKNOWN_COMMIT,
                    f"{source.url}: its files changed while they were read.",
                    "Run the same command again.",
                )
    except (OSError, shutil.Error) as error:
        if "No space left" in str(error) or "quota exceeded" in str(error):
            raise disk_full(destination) from error
        raise TrainyardError(ExitCode.NOT_FOUND, f"{source.url}: {error}.", "Make it readable.") from error
    partial.replace(destination)


def local_path(url: str) -> Path | None:
    """Where `url` is on this machine; None for what another one serves."""
    if "://" in url and not url.startswith("file://"):
        return None
    path = Path(url.removeprefix("file://")).expanduser()
    # host:path is git's scp form, unless such a file is there
    return None if ":" in url and not url.startswith("file://") and not path.exists() else path.absolute()


def _is_repository(path: Path) -> bool:
    if (path / ".git").exists():
        return True
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _is_dirty(path: Path, cache: Path) -> bool:
    """Whether the working tree differs from its HEAD.

    Asked with the cache's own configuration and an index of its own: the repository's configuration may name
    programs (filters, file system monitors) that git would run.
    """
    if not (path / ".git").exists():
        return False
    with tempfile.TemporaryDirectory(prefix="trainyard-index-") as folder:
        extra = {"GIT_INDEX_FILE": f"{folder}/index"}
        _measure("refs/trainyard/HEAD", cache)
        git(["read-tree", "refs/trainyard/HEAD"], cwd=cache, extra=extra)
        own = ["--git-dir", str(cache), "--work-tree", str(path), "-c", "core.bare=false"]
        asked = ["diff-files", "--quiet", "--ignore-submodules=all"]
        git([*own, "update-index", "-q", "--refresh"], cwd=path, check=False, extra=extra)
        if git([*own, *asked], cwd=path, check=False, extra=extra).returncode != 0:
            return True
        listed = ["ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory"]
        return bool(git([*own, *listed], cwd=path, extra=extra).stdout.strip())


def _resolve_git(url: str, branch: str, commit: str, cache: Path) -> Source:
    if url.startswith("-"):
        raise TrainyardError(ExitCode.NOT_FOUND, f"{url!r}: is not a URL.", "Give a path or a git URL.")
    cache.parent.mkdir(parents=True, exist_ok=True)
    with locked(cache.with_suffix(".lock"), f"the cache of {url}"):
        if not (cache / "HEAD").is_file():
            git(["init", "--quiet", "--bare", str(cache)])
        # whoever made these was killed: nobody else works on the cache while its lock is held here
        for stale in [*cache.glob("*.lock"), *cache.glob("refs/**/*.lock")]:
            stale.unlink()
        _fetch(url, cache)
    wanted = commit or (f"refs/heads/{branch}" if branch else "refs/trainyard/HEAD")
    return Source(url, branch, _commit_of(wanted, url, branch, cache), is_git=True)


_CUT_OFF = ("hung up unexpectedly", "early EOF", "unexpected disconnect", "index-pack", "unpack-objects")
"""What git says where its other end, or a process of its own, was killed: no word on the repository."""


def _fetch(url: str, cache: Path, again: bool = True) -> None:
    refspecs = ["+HEAD:refs/trainyard/HEAD", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
    done = git(
        [
            "fetch",
            "--quiet",
            "--force",
            "--prune",
            "--no-tags",
            "--no-recurse-submodules",
            "--",
            url,
            *refspecs,
        ],
        cwd=cache,
        check=False,
    )
    if done.returncode == 0:
        return
    said = done.stderr.decode(errors="replace").strip()
    if "No space left" in said:
        raise disk_full(cache)
    if again and any(sign in said for sign in _CUT_OFF):
        return _fetch(url, cache, again=False)
    if "couldn't find remote ref HEAD" in said:
        listed = git(["ls-remote", "--heads", "--", url], cwd=cache, check=False)
        if not listed.stdout.strip():
            raise TrainyardError(
                ExitCode.UNKNOWN_COMMIT, f"{url}: has no commit yet.", "Commit something and push it."
            )
        done = git(
            ["fetch", "--quiet", "--force", "--prune", "--", url, *refspecs[1:]], cwd=cache, check=False
        )
        if done.returncode == 0:
            return
    lines = said.splitlines() or ["no reason given"]
    first = next((line for line in lines if line.startswith("fatal:")), lines[0])
    raise TrainyardError(
        ExitCode.NOT_FOUND,
        f"{url}: git cannot read it ({first.removeprefix('fatal: ')}).",
        "Check the URL and this host's access to it (`git ls-remote URL`).",
    )


def _commit_of(wanted: str, url: str, branch: str, cache: Path) -> str:
    if not wanted.startswith("refs/") and not _SHA.fullmatch(wanted):
        wanted = f"refs/heads/{wanted}"
    done = git(
        ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}"],
        cwd=cache,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout.decode().strip()
    shown = wanted.removeprefix("refs/heads/")
    what = f"no branch {branch!r}" if branch and wanted == f"refs/heads/{branch}" else f"no commit {shown!r}"
    if wanted == "refs/trainyard/HEAD":
        what = "no commit at HEAD"
    raise TrainyardError(
        ExitCode.UNKNOWN_COMMIT,
        f"{url}: has {what}.",
        "`git ls-remote URL` lists what is there; was it pushed?",
    )


def _measure(commit: str, cache: Path) -> None:
    """Refuses a commit that unpacks to too much, before anything of it is unpacked: a few kilobytes of
    nested trees or of zeros can stand for terabytes."""
    arguments = ["git", *SAFE, "ls-tree", "-r", "-l", "-z", commit]
    files = size = 0
    rest = b""
    reach("git", "ls-tree")
    with subprocess.Popen(arguments, cwd=cache, env=git_environment(), stdout=subprocess.PIPE) as listing:
        assert listing.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            while chunk := listing.stdout.read(1 << 16):
                *lines, rest = (rest + chunk).split(b"\0")
                files += len(lines)
                size += sum(int(n) for n in (line.split(maxsplit=4)[3] for line in lines) if n != b"-")
                depth = max((line.count(b"/") for line in lines), default=0)
                check_size(f"commit {commit}", files, size, depth)
            code = listing.wait()
        finally:
            listing.kill()
    if code != 0:  # what was listed is not all there is
        raise TrainyardError(
            ExitCode.DIED if code < 0 else ExitCode.NOT_FOUND,
            f"commit {commit}: git ls-tree broke off.",
            "`trainyard monitor` does it again." if code < 0 else "Look at the repository with `git fsck`.",
        )


def _checkout(commit: str, cache: Path, destination: Path) -> None:
    _measure(commit, cache)
    # An index of its own and checkout-index: no worktree state, no hooks, no export-ignore, no submodules.
    # The user's and the system's git configuration are off so that no filter of theirs runs.
    with tempfile.TemporaryDirectory(prefix="trainyard-index-") as folder:
        extra = {
            "GIT_INDEX_FILE": f"{folder}/index",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        git(["read-tree", commit], cwd=cache, extra=extra)
        git(
            [
                "--work-tree",
                str(destination),
                "checkout-index",
                "--all",
                "--force",
                f"--prefix={destination}/",
            ],
            cwd=cache,
            extra=extra,
        )
