"""From jenkins-jobs/ to the XML of one repo's six jobs, cached as Jenkins Job Builder starts slowly."""

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
_ANY = "a-repo-of-any-name"
"""What is rendered, once for all repos. A name needs no escaping anywhere, so it can be put in afterwards."""
_KEPT = 50
"""Cached renderings to keep: one per combination of YAML files."""


class JobXml(msgspec.Struct, frozen=True):
    """One job as Jenkins Job Builder renders it."""

    name: str
    xml: str


def render(repo: str, *, cache: Path | None = None, folder: Path | None = None) -> list[JobXml]:
    """Renders the six jobs of a repo from jenkins-jobs/, whose own repos.yaml is left out.

    Of the repo they know nothing but its name: the rest is theirs to be given as parameters.

    Args:
        repo: its name.
        cache: where renderings are kept (default: `chain/cache` below the state home).
        folder: other YAML files than those shipped.

    Raises:
        TrainyardError: BAD_CONFIG for a name that cannot be a job's; CHAIN for YAML that does not render.
    """
    homes.check_repo_name(repo)
    folder = folder or resources.JENKINS_JOBS
    files = sorted(file for file in folder.glob("*.yaml") if file.name != REPOS_FILE)
    if not files:
        raise TrainyardError(
            ExitCode.CHAIN,
            f"{folder}: no job templates there.",
            "Install Trainyard again, or run its checkout.",
        )
    jobs = _rendered(files, cache or homes.default_home() / "chain" / "cache")
    return [JobXml(job.name.replace(_ANY, repo), job.xml.replace(_ANY, repo)) for job in jobs]


def _rendered(files: Sequence[Path], cache: Path) -> list[JobXml]:
    kept = cache / f"{_key(files)}.json"
    try:
        return msgspec.json.decode(kept.read_bytes(), type=list[JobXml])
    except (OSError, msgspec.DecodeError):
        pass  # absent or torn: what it holds can be made again

    from trainyard.chain import jjb

    values = {"repo": _ANY, "url": "", "branch": "", "policy": ""}
    jobs = [JobXml(name, xml) for name, xml in jjb.render_files(files, [values]).jobs.items()]
    write_atomic(kept, msgspec.json.encode(jobs))
    _prune(cache)
    return jobs


def _key(files: Sequence[Path]) -> str:
    digest = hashlib.sha256(f"{_ANY}\0{_builder_version()}".encode())
    for file in files:
        data = file.read_bytes()
        digest.update(f"\0{file.name}\0{len(data)}\0".encode())
        digest.update(data)
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
