"""What is watched and how: `/etc/trainyard/watch.toml`, docs/reference/watch.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trainyard.config import read_toml
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import check_repo_name, repo_name
from trainyard.sources import refuse_secrets

WATCH_FILE = Path("/etc/trainyard/watch.toml")
_MAX_BYTES = 4 * 2**20


class JenkinsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where job1 and job6 are started."""

    url: str
    user: str
    token_file: str


class HookTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The local socket that post-receive hooks write to."""

    socket: str
    group: str | None = None
    """Who may write to it besides the watcher's own account."""


class WebhookTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP port for GitHub, GitLab, Gitea and Forgejo."""

    listen: str
    secret_file: str
    """One secret a line; the second is for the time in which one replaces another."""


class MetricsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP port for Prometheus."""

    listen: str


class RepoTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One watched repository."""

    name: str
    url: str
    branches: tuple[str, ...] = ("main",)
    """Names, or patterns with `*`; one that starts with `!` takes away what the others gave."""
    policy: str = ""
    """For `--local`; under Jenkins the job has it."""


class WatchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    interval: float = 1.0
    """Seconds between two looks at a remote."""
    jenkins: JenkinsTable | None = None
    hook: HookTable | None = None
    webhook: WebhookTable | None = None
    metrics: MetricsTable | None = None
    repos: tuple[RepoTable, ...] = ()


def read(path: Path) -> WatchConfig:
    """Reads and checks the watcher's configuration.

    Raises:
        TrainyardError: BAD_CONFIG, naming file and field; NOT_FOUND where there is none.
    """
    if not path.is_file():
        raise TrainyardError(
            ExitCode.NOT_FOUND,
            f"{path}: no such file.",
            "Name the repositories (`trainyard watch --local URL`), or write that file.",
        )
    config = read_toml(path, WatchConfig, str(path), limit=_MAX_BYTES)
    check(config)
    return config


def of_urls(urls: Sequence[str], branch: str) -> WatchConfig:
    """The configuration of `trainyard watch --local URL...`; plain paths become absolute."""
    repos = []
    for url in urls:
        full = str(Path(url).absolute()) if "://" not in url and Path(url).exists() else url
        repos.append(RepoTable(name=repo_name(url), url=full, branches=(branch,)))
    config = WatchConfig(repos=tuple(repos))
    check(config)
    return config


def check(config: WatchConfig) -> None:
    """Refuses what no watcher could work with.

    Raises:
        TrainyardError: BAD_CONFIG.
    """
    if not 0.1 <= config.interval <= 3600:
        raise _bad("interval", "is not between 0.1 and 3600 seconds")
    names: set[str] = set()
    for repo in config.repos:
        check_repo_name(repo.name)
        if repo.name in names:
            raise _bad(f"repos: {repo.name}", "is there twice")
        names.add(repo.name)
        if not repo.url.strip() or repo.url.startswith("-") or "\0" in repo.url:
            raise _bad(f"repos: {repo.name}: url", "is not what Git takes")
        refuse_secrets(repo.url)
        if not any(not pattern.startswith("!") for pattern in repo.branches):
            raise _bad(f"repos: {repo.name}: branches", "names no branch")
        for pattern in repo.branches:
            if not re.fullmatch(r"!?[^\s\x00-\x1f\x7f~^:?\[\\-][^\s\x00-\x1f\x7f~^:?\[\\]*", pattern):
                raise _bad(f"repos: {repo.name}: branches: {pattern!r}", "is no branch")


def secrets(path: str) -> list[bytes]:
    """The lines of a file of secrets.

    Raises:
        TrainyardError: BAD_CONFIG where it cannot be read, is empty, or is open to everybody.
    """
    try:
        if Path(path).stat().st_mode & 0o007:
            raise _bad(path, "is open to everybody on this host")
        lines = [line.strip() for line in Path(path).read_bytes().splitlines()]
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from None
    if not any(lines):
        raise _bad(path, "is empty")
    return [line for line in lines if line]


def _bad(field: str, what: str) -> TrainyardError:
    return TrainyardError(
        ExitCode.BAD_CONFIG, f"{field} {what}.", "Correct it; docs/reference/watch.md lists the fields."
    )
