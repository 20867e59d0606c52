"""Jenkins Job Builder as a library. Importing this module takes half a second: only on a cache miss."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

with warnings.catch_warnings():
    # jenkins-job-builder 6.5.0 uses pkg_resources, whose import warns; setuptools is pinned for it.
    warnings.simplefilter("ignore", UserWarning)
    from jenkins_jobs.config import JJBConfig
    from jenkins_jobs.errors import JenkinsJobsException
    from jenkins_jobs.loader import load_files
    from jenkins_jobs.loc_loader import LocDict, LocList
    from jenkins_jobs.registry import ModuleRegistry
    from jenkins_jobs.roots import Roots, root_adders
    from jenkins_jobs.xml_config import XmlJobGenerator, XmlViewGenerator
    from pkg_resources import EntryPoint

from yaml import YAMLError

from trainyard.exits import ExitCode, TrainyardError

# Each of its hundreds of modules would look up anew whether what its package requires is installed: three
# quarters of the rendering.
EntryPoint.require = lambda *_: None  # type: ignore[method-assign]


@dataclass(frozen=True)
class Rendered:
    """Name to XML, in Jenkins Job Builder's order."""

    jobs: dict[str, str]
    views: dict[str, str]


def render_files(files: Sequence[Path], repos: Sequence[Mapping[str, str | bool]] = ()) -> Rendered:
    """Renders YAML `files`, plus the six jobs and the view of each of `repos`, like `jenkins-jobs test`.

    Args:
        files: YAML files with templates (and projects, where they hold some).
        repos: the values of one repo each, `repo` (its name) among them, taken as they are: braces in them
            are not substituted.

    Raises:
        TrainyardError: CHAIN, with what Jenkins Job Builder says and where.
    """
    logging.getLogger("jenkins_jobs").setLevel(logging.ERROR)
    try:
        # An empty name: neither /etc nor the user's own jenkins_jobs.ini changes what is rendered here.
        config = JJBConfig("")
        roots = Roots(config)
        load_files(config, roots, list(files))
        if repos:
            root_adders["project"](config, roots, _project(repos), None)
        registry = ModuleRegistry(config)
        registry.set_macros(roots.macros)
        jobs = roots.generate_jobs()
        registry.amend_job_dicts(jobs)
        return Rendered(
            jobs={job.name: _text(job) for job in XmlJobGenerator(registry).generateXML(jobs)},
            views={
                view.name: _text(view)
                for view in XmlViewGenerator(registry).generateXML(roots.generate_views())
            },
        )
    except JenkinsJobsException as error:
        raise _wrong(" ".join(str(line).strip() for line in error.lines)) from None
    except (YAMLError, LookupError, TypeError, AttributeError, ValueError) as error:
        # What Jenkins Job Builder itself leaves uncaught where YAML has another shape than it expects.
        raise _wrong(f"{type(error).__name__}: {' '.join(str(error).split())}") from None


def _wrong(what: str) -> TrainyardError:
    return TrainyardError(
        ExitCode.CHAIN,
        f"jenkins-jobs: {what}",
        "Correct that place; `jenkins-jobs test jenkins-jobs/` shows the same.",
    )


def _project(repos: Sequence[Mapping[str, str | bool]]) -> LocDict:
    """The project of jenkins-jobs/repos.yaml with other repos in it."""
    entries = [
        LocDict({_escaped(repo["repo"]): LocDict({k: _escaped(v) for k, v in repo.items() if k != "repo"})})
        for repo in repos
    ]
    return LocDict(
        {
            "name": "trainyard",
            "repo": LocList(entries),
            "jobs": LocList(["six-jobs"]),
            "views": LocList(["{repo}-pipeline"]),
        }
    )


def _escaped(value: str | bool) -> str | bool:
    return value.replace("{", "{{").replace("}", "}}") if isinstance(value, str) else value


def _text(item: object) -> str:
    return bytes(item.output()).decode()  # type: ignore[attr-defined]
