"""From the list of repos to the XML that Jenkins loads, cached as Jenkins Job Builder starts slowly."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trainyard import home as homes
from trainyard import resources
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.atomic import write_atomic

REPOS_FILE = "repos.yaml"
_KEPT = 50
"""Cached renderings to keep: one per combination of YAML files and repos."""


class RepoJobs(msgspec.Struct, frozen=True, kw_only=True):
    """What jenkins-jobs/repos.yaml says of one repo.

    `policy` is text as `trainyard pull --policy` takes it (`preset=serve-above-90 max_trials=5`).
    """

    name: str
    url: str
    branch: str
    policy: str = ""


class JobXml(msgspec.Struct, frozen=True):
    """One job as Jenkins Job Builder renders it."""

    name: str
    xml: str


def render(
    repos: Sequence[RepoJobs], *, cache: Path | None = None, folder: Path | None = None
) -> list[JobXml]:
    """Renders the six jobs of each of `repos` from jenkins-jobs/, whose own repos.yaml is left out.

    Args:
        repos: at least one; names must be distinct.
        cache: where renderings are kept (default: `chain/cache` below the state home).
        folder: other YAML files than those shipped.

    Raises:
        TrainyardError: BAD_CONFIG for a value that XML cannot hold; CHAIN for YAML that does not render.
    """
    for repo in repos:
        _check(repo)
    folder = folder or resources.JENKINS_JOBS
    files = sorted(file for file in folder.glob("*.yaml") if file.name != REPOS_FILE)
    if not files:
        raise TrainyardError(
            ExitCode.CHAIN,
            f"{folder}: no job templates there.",
            "Install Trainyard again, or run its checkout.",
        )
    cache = cache or homes.default_home() / "chain" / "cache"
    kept = cache / f"{_key(files, repos)}.json"
    try:
        return msgspec.json.decode(kept.read_bytes(), type=list[JobXml])
    except (OSError, msgspec.DecodeError):
        pass  # absent or torn: what it holds can be made again

    from trainyard.chain import jjb

    values: list[dict[str, str | bool]] = [
        {"repo": repo.name, "url": repo.url, "branch": repo.branch, "policy": repo.policy} for repo in repos
    ]
    jobs = [JobXml(name, xml) for name, xml in jjb.render_files(files, values).jobs.items()]
    write_atomic(kept, msgspec.json.encode(jobs))
    _prune(cache)
    return jobs


def _check(repo: RepoJobs) -> None:
    homes.check_repo_name(repo.name)
    for field in ("url", "branch", "policy"):
        for char in getattr(repo, field):
            if (
                ord(char) < 0x20
                or 0x7F <= ord(char) < 0xA0
                or 0xD800 <= ord(char) < 0xE000
                or char in "\ufffe\uffff"
            ):
                raise TrainyardError(
                    ExitCode.BAD_CONFIG,
                    f"{repo.name}: {field} holds the character {char!r}, which a job cannot carry.",
                    "Use a name without control characters.",
                )


def _key(files: Sequence[Path], repos: Sequence[RepoJobs]) -> str:
    digest = hashlib.sha256(_builder_version().encode())
    for file in files:
        data = file.read_bytes()
        digest.update(f"\0{file.name}\0{len(data)}\0".encode())
        digest.update(data)
    digest.update(msgspec.json.encode(list(repos)))
    return digest.hexdigest()[:32]


def _builder_version() -> str:
    """Names the installed Jenkins Job Builder without importing it (importlib.metadata takes 20 ms)."""
    spec = importlib.util.find_spec("jenkins_jobs")
    if spec is None or spec.origin is None:
        raise TrainyardError(
            ExitCode.CHAIN, "jenkins-job-builder is not installed.", "Run `make` in Trainyard's checkout."
        )
    package = Path(spec.origin).parent
    installed = sorted(info.name for info in package.parent.glob("jenkins_job_builder-*.dist-info"))
    return " ".join(installed) or f"{package} {package.stat().st_mtime_ns}"


def _prune(cache: Path) -> None:
    entries = sorted(cache.glob("*.json"), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[_KEPT:]:
        entry.unlink(missing_ok=True)
