"""Reads job XML. What is not understood is an error: a chain that skips elements is another chain."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from trainyard.chain.jobs import (
    CONDITIONS,
    Archive,
    CurrentParameters,
    JobDefinition,
    Predefined,
    PropertyFile,
    Shell,
    Source,
    StringParameter,
    Trigger,
)
from trainyard.exits import ExitCode, TrainyardError

# What Jenkins needs and a chain that runs here and now, one build after the other, does not.
_MEANS_NOTHING_HERE = {
    "actions",
    "description",
    "displayName",
    "keepDependencies",
    "concurrentBuild",
    "quietPeriod",
    "assignedNode",
    "canRoam",
}
_MUST_BE = {"blockBuildWhenDownstreamBuilding": "false", "blockBuildWhenUpstreamBuilding": "false"}
_WRAPPERS = {"hudson.plugins.timestamper.TimestamperBuildWrapper"}
_TRIGGER = "hudson.plugins.parameterizedtrigger."


def parse(name: str, text: str) -> JobDefinition:
    """Reads one freestyle job.

    Raises:
        TrainyardError: CHAIN, naming the job and the element that is not understood.
    """
    try:
        root = ET.fromstring(text)  # noqa: S314  # our own rendering, not something pushed
    except ET.ParseError as error:
        raise TrainyardError(ExitCode.CHAIN, f"{name}: is not XML: {error}.") from None
    return _Reader(name).job(root)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def unknown(
        self, path: str, why: str = "is not something the embedded chain understands"
    ) -> TrainyardError:
        return TrainyardError(
            ExitCode.CHAIN,
            f"{self.name}: {path} {why}.",
            "docs/reference/chain.md lists what it understands; Jenkins itself may run the rest.",
        )

    def job(self, root: ET.Element) -> JobDefinition:
        if root.tag != "project":
            raise self.unknown(root.tag, "is not a freestyle project")
        values: dict[str, Any] = {"name": self.name}
        readers = {
            "disabled": self.disabled,
            "scm": self.scm,
            "properties": self.properties,
            "triggers": self.timers,
            "builders": self.steps,
            "publishers": self.publishers,
            "buildWrappers": self.wrappers,
        }
        for child, path in _children(root, root.tag):
            if child.tag in readers:
                values |= readers[child.tag](child, path)
            elif child.tag in _MUST_BE:
                self.must_be(child, path, _MUST_BE[child.tag])
            elif child.tag not in _MEANS_NOTHING_HERE or len(child):
                raise self.unknown(path)
        return JobDefinition(**values)

    def disabled(self, element: ET.Element, path: str) -> dict[str, Any]:
        return {"disabled": self.boolean(element, path)}

    def scm(self, element: ET.Element, path: str) -> dict[str, Any]:
        if element.get("class") != "hudson.scm.NullSCM":
            raise self.unknown(f"{path} (class {element.get('class')})")
        return {}

    def timers(self, element: ET.Element, path: str) -> dict[str, Any]:
        return {"timers": tuple(self.timer(timer, at) for timer, at in _children(element, path))}

    def steps(self, element: ET.Element, path: str) -> dict[str, Any]:
        return {"steps": tuple(self.shell(step, at) for step, at in _children(element, path))}

    def wrappers(self, element: ET.Element, path: str) -> dict[str, Any]:
        for wrapper, at in _children(element, path):
            if wrapper.tag not in _WRAPPERS:
                raise self.unknown(at)
        return {}

    def properties(self, element: ET.Element, path: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for child, at in _children(element, path):
            if child.tag == "hudson.model.ParametersDefinitionProperty":
                holder = self.fields(child, at, {"parameterDefinitions"})["parameterDefinitions"]
                definitions = _children(holder, f"{at}/parameterDefinitions")
                values["parameters"] = tuple(self.parameter(one, where) for one, where in definitions)
            elif child.tag == "jenkins.model.BuildDiscarderProperty":
                strategy = self.fields(child, at, {"strategy"})["strategy"]
                values["builds_kept"] = self.builds_kept(strategy, f"{at}/strategy")
            else:
                raise self.unknown(at)
        return values

    def builds_kept(self, element: ET.Element, path: str) -> int | None:
        if element.get("class") != "hudson.tasks.LogRotator":
            raise self.unknown(f"{path} (class {element.get('class')})")
        others = {"daysToKeep", "artifactDaysToKeep", "artifactNumToKeep"}
        fields = self.fields(element, path, {"numToKeep"}, others)
        for field in others & set(fields):
            self.must_be(fields[field], f"{path}/{field}", "-1")
        number = self.integer(fields["numToKeep"], f"{path}/numToKeep")
        return number if number > 0 else None

    def parameter(self, element: ET.Element, path: str) -> StringParameter:
        if element.tag != "hudson.model.StringParameterDefinition":
            raise self.unknown(path)
        fields = self.fields(element, path, {"name"}, {"description", "defaultValue", "trim"})
        return StringParameter(
            name=_text(fields["name"]),
            default=_text(fields.get("defaultValue")),
            trim=self.boolean(fields.get("trim"), f"{path}/trim"),
        )

    def timer(self, element: ET.Element, path: str) -> str:
        if element.tag != "hudson.triggers.TimerTrigger":
            raise self.unknown(path)
        return _text(self.fields(element, path, {"spec"})["spec"])

    def shell(self, element: ET.Element, path: str) -> Shell:
        if element.tag != "hudson.tasks.Shell":
            raise self.unknown(path)
        fields = self.fields(element, path, {"command"}, {"unstableReturn"})
        code = (
            self.integer(fields["unstableReturn"], f"{path}/unstableReturn")
            if "unstableReturn" in fields
            else 0
        )
        return Shell(command=_text(fields["command"]), unstable_return=code or None)

    def publishers(self, element: ET.Element, path: str) -> dict[str, Any]:
        archives: list[Archive] = []
        triggers: list[Trigger] = []
        for child, at in _children(element, path):
            if child.tag == "hudson.tasks.ArtifactArchiver":
                archives.append(self.archive(child, at))
            elif child.tag == _TRIGGER + "BuildTrigger":
                configs = self.fields(child, at, {"configs"})["configs"]
                triggers += [
                    self.trigger(config, where) for config, where in _children(configs, f"{at}/configs")
                ]
            elif child.tag != "htmlpublisher.HtmlPublisher":  # a link in Jenkins' pages
                raise self.unknown(at)
        return {"archives": tuple(archives), "triggers": tuple(triggers)}

    def archive(self, element: ET.Element, path: str) -> Archive:
        plain = {"fingerprint": "false", "defaultExcludes": "true", "caseSensitive": "true"}
        plain |= {"latestOnly": "false", "followSymlinks": "false"}
        fields = self.fields(element, path, {"artifacts"}, {"allowEmptyArchive", "onlyIfSuccessful", *plain})
        for field, value in plain.items():
            if field in fields:
                self.must_be(fields[field], f"{path}/{field}", value)
        patterns = tuple(p.strip() for p in _text(fields["artifacts"]).split(",") if p.strip())
        for pattern in patterns:
            if pattern.startswith("/") or ".." in pattern.split("/"):
                raise self.unknown(f"{path}/artifacts", f"{pattern!r} leaves the workspace")
        return Archive(
            artifacts=patterns,
            allow_empty=self.boolean(fields.get("allowEmptyArchive"), f"{path}/allowEmptyArchive"),
            only_if_successful=self.boolean(fields.get("onlyIfSuccessful"), f"{path}/onlyIfSuccessful"),
        )

    def trigger(self, element: ET.Element, path: str) -> Trigger:
        if element.tag != _TRIGGER + "BuildTriggerConfig":
            raise self.unknown(path)
        fields = self.fields(
            element,
            path,
            {"configs", "projects", "condition"},
            {"triggerFromChildProjects", "triggerWithNoParameters"},
        )
        if "triggerFromChildProjects" in fields:
            self.must_be(fields["triggerFromChildProjects"], f"{path}/triggerFromChildProjects", "false")
        condition = _text(fields["condition"])
        if condition not in CONDITIONS:
            raise self.unknown(f"{path}/condition", f"is {condition!r}, none of {', '.join(CONDITIONS)}")
        return Trigger(
            jobs=tuple(job.strip() for job in _text(fields["projects"]).split(",") if job.strip()),
            condition=condition,
            sources=tuple(self.source(s, at) for s, at in _children(fields["configs"], f"{path}/configs")),
            without_parameters=self.boolean(
                fields.get("triggerWithNoParameters"), f"{path}/triggerWithNoParameters"
            ),
        )

    def source(self, element: ET.Element, path: str) -> Source:
        match element.tag.removeprefix(_TRIGGER):
            case "FileBuildParameters":
                fields = self.fields(
                    element, path, {"propertiesFile"}, {"failTriggerOnMissing", "textParamValueOnNewLine"}
                )
                return PropertyFile(
                    path=_text(fields["propertiesFile"]).strip(),
                    required=self.boolean(fields.get("failTriggerOnMissing"), f"{path}/failTriggerOnMissing"),
                )
            case "PredefinedBuildParameters":
                fields = self.fields(element, path, {"properties"}, {"textParamValueOnNewLine"})
                return Predefined(_text(fields["properties"]))
            case "CurrentBuildParameters":
                self.fields(element, path, set())
                return CurrentParameters()
            case _:
                raise self.unknown(path)

    def fields(
        self,
        element: ET.Element,
        path: str,
        needed: AbstractSet[str],
        optional: AbstractSet[str] = frozenset(),
    ) -> dict[str, ET.Element]:
        """The children by tag: all of `needed`, any of `optional`, nothing else, each once."""
        found: dict[str, ET.Element] = {}
        for child, at in _children(element, path):
            if child.tag not in needed and child.tag not in optional:
                raise self.unknown(at)
            if child.tag in found:
                raise self.unknown(at, "is there twice")
            found[child.tag] = child
        for tag in sorted(needed - set(found)):
            raise self.unknown(f"{path}/{tag}", "is missing")
        return found

    def must_be(self, element: ET.Element, path: str, value: str) -> None:
        if _text(element).strip() != value:
            raise self.unknown(path, f"is {_text(element)!r}; the embedded chain only knows {value!r}")

    def boolean(self, element: ET.Element | None, path: str) -> bool:
        text = _text(element).strip() or "false"
        if text not in ("true", "false"):
            raise self.unknown(path, f"is {text!r}, neither true nor false")
        return text == "true"

    def integer(self, element: ET.Element, path: str) -> int:
        try:
            return int(_text(element))
        except ValueError:
            raise self.unknown(path, f"is {_text(element)!r}, not a number") from None


def _children(element: ET.Element, path: str) -> Iterator[tuple[ET.Element, str]]:
    for child in element:
        yield child, f"{path}/{child.tag}"


def _text(element: ET.Element | None) -> str:
    return (element.text or "") if element is not None else ""
