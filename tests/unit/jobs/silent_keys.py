"""Finds YAML keys that Jenkins Job Builder ignores without a word.

Jenkins Job Builder has no list of the keys that it knows: a component reads what it reads, and a key that it
never asks for is lost. So every key is tried: its value is changed in several ways, everything is rendered
again, and a key for which nothing changes (not even into an error) is a key that means nothing.
"""

from __future__ import annotations

import copy
import logging
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trainyard.chain import jjb  # noqa: F401  # silences pkg_resources' warning before the imports below

# isort: split
from jenkins_jobs.config import JJBConfig
from jenkins_jobs.errors import JenkinsJobsException
from jenkins_jobs.loader import Loader
from jenkins_jobs.registry import ModuleRegistry
from jenkins_jobs.roots import Roots, root_adders
from jenkins_jobs.xml_config import XmlJobGenerator, XmlViewGenerator

Place = tuple[str | int, ...]
"""A file's name, then list indexes and keys down to a key."""

_OTHER = "a value that no component expects"
_GONE = object()


class Jobs:
    """The YAML files of a folder as data that can be changed and rendered again."""

    def __init__(self, files: Sequence[Path]) -> None:
        logging.getLogger("jenkins_jobs").setLevel(logging.CRITICAL)
        self.config = JJBConfig("")
        self.registry = ModuleRegistry(self.config)
        loader = Loader.empty(self.config)
        self.data: dict[str, Any] = {file.name: loader.load_path(file) for file in files}

    def render(self, data: dict[str, Any]) -> dict[str, str]:
        """Name to XML of all jobs and views."""
        roots = Roots(self.config)
        for items in copy.deepcopy(data).values():
            for item in items:
                ((kind, contents),) = item.items()
                root_adders[kind](self.config, roots, contents, item.pos)
        self.registry.set_macros(roots.macros)
        jobs, views = roots.generate_jobs(), roots.generate_views()
        self.registry.amend_job_dicts(jobs)
        made = [
            *XmlJobGenerator(self.registry).generateXML(jobs),
            *XmlViewGenerator(self.registry).generateXML(views),
        ]
        return {one.name: ET.tostring(one.xml, encoding="unicode") for one in made}

    def silent(self) -> list[Place]:
        """Every key that means nothing."""
        plain = self.render(self.data)
        return [place for place in list(self.places()) if not self.means_something(place, plain)]

    def places(self) -> Iterator[Place]:
        """Every key of every mapping in every file."""

        def below(node: Any, place: Place) -> Iterator[Place]:
            if isinstance(node, dict):
                for key, value in node.items():
                    yield (*place, key)
                    yield from below(value, (*place, key))
            elif isinstance(node, list):
                for index, value in enumerate(node):
                    yield from below(value, (*place, index))

        for name, items in self.data.items():
            yield from below(items, (name,))

    def means_something(self, place: Place, plain: dict[str, str] | None = None) -> bool:
        """Whether changing the value at `place` changes what is rendered; `plain` is that, unchanged."""
        plain = plain or self.render(self.data)
        value = self.at(place)
        others = [_OTHER, _GONE, not value if isinstance(value, bool) else ""]
        return any(self.outcome(place, other) != plain for other in others)

    def outcome(self, place: Place, value: object) -> dict[str, str] | None:
        """What is rendered with another value there; None where that is an error."""
        holder, key = self.at(place[:-1]), place[-1]
        before = dict(holder)
        if value is _GONE:
            del holder[key]
        else:
            holder[key] = value
        try:
            return self.render(self.data)
        except (JenkinsJobsException, LookupError, TypeError, ValueError, AttributeError, StopIteration):
            return None
        finally:
            holder.clear()
            holder.update(before)

    def at(self, place: Place) -> Any:
        node: Any = self.data
        for step in place:
            node = node[step]
        return node
