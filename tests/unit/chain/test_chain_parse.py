from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from trainyard import resources
from trainyard.chain.jobs import PropertyFile
from trainyard.chain.parse import parse
from trainyard.chain.render import JobXml
from trainyard.exits import ExitCode, TrainyardError

Rendered = Callable[[str], list[JobXml]]
SHELL = "builders: [{shell: 'true'}]"


def test_every_shipped_job_is_understood() -> None:
    from trainyard.chain.jjb import render_files

    jobs = render_files(sorted(resources.JENKINS_JOBS.glob("*.yaml"))).jobs
    found = {name: parse(name, xml) for name, xml in jobs.items()}
    assert len(found) == 12
    evaluate = found["digits-cnn-job3-evaluate"]
    assert evaluate.steps[0].unstable_return == ExitCode.BELOW_TARGET
    assert [(trigger.condition, trigger.jobs) for trigger in evaluate.triggers] == [
        ("SUCCESS", ("digits-cnn-job5-retrain",)),
        ("UNSTABLE", ("digits-cnn-job4-tweak",)),
    ]
    for job in found.values():
        assert len(job.steps) == 1
        assert all(
            trigger.sources == (PropertyFile("run.properties", required=True),) for trigger in job.triggers
        )


@pytest.mark.parametrize(
    ("yaml", "element"),
    [
        ("workspace: /srv/work", "project/customWorkspace"),
        ("block-upstream: true", "project/blockBuildWhenUpstreamBuilding"),
        ("scm: [{git: {url: /x}}]", "project/scm (class hudson.plugins.git.GitSCM)"),
        ("wrappers: [ansicolor]", "project/buildWrappers/hudson.plugins.ansicolor.AnsiColorBuildWrapper"),
        ("triggers: [{pollscm: {cron: '@daily'}}]", "project/triggers/hudson.triggers.SCMTrigger"),
        ("publishers: [{trigger: {project: x}}]", "project/publishers/hudson.tasks.BuildTrigger"),
        ("publishers: [{email: {recipients: a@b.c}}]", "project/publishers/hudson.tasks.Mailer"),
        ("publishers: [{archive: {artifacts: a, latest-only: true}}]", "ArtifactArchiver/latestOnly"),
        ("publishers: [{archive: {artifacts: ../a}}]", "'../a' leaves the workspace"),
        ("publishers: [{archive: {artifacts: a, excludes: b}}]", "ArtifactArchiver/excludes"),
        (
            "parameters: [{choice: {name: A, choices: [a]}}]",
            "parameterDefinitions/hudson.model.ChoiceParameterDefinition",
        ),
        (
            "publishers: [{trigger-parameterized-builds: [{project: x, node-parameters: true}]}]",
            "configs/hudson.plugins.parameterizedtrigger.NodeParameters",
        ),
        (
            "publishers: [{trigger-parameterized-builds: [{project: x, condition: SOMETIMES}]}]",
            "condition is 'SOMETIMES'",
        ),
        ("properties: [{build-discarder: {days-to-keep: 3}}]", "strategy/daysToKeep is '3'"),
        ("properties: [{throttle: {option: project}}]", "properties/hudson.plugins.throttleconcurrents"),
    ],
)
def test_an_element_that_is_not_understood_is_an_error_naming_job_and_element(
    rendered: Rendered, yaml: str, element: str
) -> None:
    (job,) = rendered(f"- job:\n    name: one\n    {SHELL}\n    {yaml}\n")
    with pytest.raises(TrainyardError, match=re.escape(element)) as caught:
        parse(job.name, job.xml)
    assert caught.value.code is ExitCode.CHAIN
    assert caught.value.message.startswith("one: ")


@pytest.mark.parametrize("builder", ["{python: pass}", "{ant: build}", "{trigger-builds: [{project: x}]}"])
def test_a_step_that_is_not_shell_is_an_error(rendered: Rendered, builder: str) -> None:
    (job,) = rendered(f"- job: {{name: one, builders: [{builder}]}}")
    with pytest.raises(TrainyardError, match="one: project/builders/"):
        parse(job.name, job.xml)


def test_another_project_type_is_an_error(rendered: Rendered) -> None:
    (job,) = rendered("- job: {name: one, project-type: pipeline, dsl: node}")
    with pytest.raises(TrainyardError, match="flow-definition is not a freestyle project"):
        parse(job.name, job.xml)


@pytest.mark.parametrize("text", ["", "<project>", "<project><builders></project>"])
def test_torn_xml_is_an_error_naming_the_job(text: str) -> None:
    with pytest.raises(TrainyardError, match="one: is not XML"):
        parse("one", text)


def test_a_known_element_with_unknown_content_is_an_error(rendered: Rendered) -> None:
    (job,) = rendered(f"- job: {{name: one, {SHELL}}}")
    for inside in ("<actions><x/></actions>", "<project><surprise/>"):
        before = "<actions/>" if "actions" in inside else "<project>"
        with pytest.raises(TrainyardError, match="one: project/"):
            parse("one", job.xml.replace(before, inside))
