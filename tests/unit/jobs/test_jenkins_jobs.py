from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from silent_keys import Jobs

from trainyard import resources
from trainyard.chain.jobs import JobDefinition
from trainyard.chain.parse import parse
from trainyard.exits import ExitCode

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted(resources.JENKINS_JOBS.glob("*.yaml"))
VERBS = ["pull", "launch", "evaluate", "tweak", "retrain", "monitor"]


@pytest.fixture(scope="module")
def golden() -> dict[str, str]:
    return {file.name: file.read_text() for file in (GOLDEN / "jobs").glob("*.xml")}


@pytest.fixture(scope="module")
def jobs(golden: dict[str, str]) -> dict[str, JobDefinition]:
    names = [name.removesuffix(".xml") for name in golden if not name.endswith("-pipeline.xml")]
    return {name: parse(name, golden[f"{name}.xml"]) for name in names}


def test_the_rendered_xml_is_the_golden_xml(golden: dict[str, str]) -> None:
    rendered = runpy.run_path(str(GOLDEN / "update"))["rendered"]()
    assert sorted(rendered) == sorted(golden), "run .venv/bin/python tests/golden/update and read the diff"
    for name, xml in rendered.items():
        assert xml == golden[name], f"{name}: run .venv/bin/python tests/golden/update and read the diff"


def test_jenkins_jobs_test_gives_twelve_jobs_and_two_views(golden: dict[str, str], tmp_path: Path) -> None:
    """The command that operators use, as they use it; the same XML as the library's."""
    command = [Path(sys.executable).parent / "jenkins-jobs", "test", resources.JENKINS_JOBS, "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Number of jobs generated:  12" in done.stderr
    assert "Number of views generated:  2" in done.stderr
    assert {f"{file.name}.xml": file.read_text() for file in tmp_path.iterdir()} == golden


def test_no_key_is_ignored_silently() -> None:
    assert Jobs(FILES).silent() == []


def insert(place: str, key: str) -> Callable[[dict[str, Any]], tuple[str | int, ...]]:
    """Puts a wrong key into the mapping at `place` (`file/index/key/...`) and returns where it is."""

    def change(data: dict[str, Any]) -> tuple[str | int, ...]:
        steps = tuple(int(step) if step.isdecimal() else step for step in place.split("/"))
        holder: Any = data
        for step in steps:
            holder = holder[step]
        holder[key] = True
        return (*steps, key)

    return change


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("defaults.yaml/0/defaults", "quite-period"),
        ("defaults.yaml/0/defaults/properties/0/build-discarder", "numToKeep"),
        ("macros.yaml/0/parameter", "descripton"),
        ("macros.yaml/0/parameter/parameters/0/string", "defualt"),
        ("macros.yaml/1/publisher/publishers/0/archive", "allow-emtpy"),
        ("group.yaml/0/job-group", "view"),
        ("repos.yaml/0/project", "brunch"),
        ("repos.yaml/0/project/repo/0/digits-cnn", "brunch"),
        ("job1-pull.yaml/0/job-template", "trigger"),
        ("job1-pull.yaml/0/job-template/parameters/1/string", "value"),
        ("job3-evaluate.yaml/0/job-template", "unstable-return"),
        ("job3-evaluate.yaml/0/job-template/builders/0/shell", "unstable"),
        ("job3-evaluate.yaml/0/job-template/publishers/1/trigger-parameterized-builds/0", "fail-on-misssing"),
        ("job3-evaluate.yaml/0/job-template/publishers/1/trigger-parameterized-builds/1", "threshold"),
        ("job5-retrain.yaml/0/job-template/publishers/1/html-publisher", "allowMissing"),
        ("views.yaml/0/view-template", "linkStyle"),
        ("views.yaml/0/view-template", "starts-with-parameters"),
    ],
)
def test_a_key_that_nothing_reads_is_found_at_every_level(place: str, key: str) -> None:
    jobs = Jobs(FILES)
    where = insert(place, key)(jobs.data)
    assert not jobs.means_something(where)
    assert where in set(jobs.places())


def test_a_key_that_something_reads_is_not_taken_for_silent() -> None:
    jobs = Jobs(FILES)
    for place, key in [
        ("views.yaml/0/view-template", "latest-job-only"),
        ("job1-pull.yaml/0/job-template", "retry-count"),
        (
            "job3-evaluate.yaml/0/job-template/publishers/1/trigger-parameterized-builds/0",
            "current-parameters",
        ),
    ]:
        assert jobs.means_something(insert(place, key)(jobs.data))


def test_each_job_has_one_step_that_calls_its_verb(jobs: dict[str, JobDefinition]) -> None:
    assert len(jobs) == 12
    for name, job in jobs.items():
        (step,) = job.steps
        shebang, command = step.command.strip().split("\n")
        assert shebang == "#!/bin/sh -eu"
        verb = name.rsplit("-", 1)[1]
        assert shlex.split(command)[:3] == ["exec", "trainyard", verb]
        assert verb in VERBS


def test_every_parameter_in_a_step_is_declared_and_inside_double_quotes(
    jobs: dict[str, JobDefinition],
) -> None:
    for job in jobs.values():
        command = job.steps[0].command
        used = re.findall(r'(?<= )"\$([A-Z]+)"(?= |\n)', command)
        assert len(used) == command.count("$")
        assert set(used) == {parameter.name for parameter in job.parameters}
        assert not set("`;&|<>(){}*?~\\'") & set(command.removeprefix("#!"))


def test_the_command_knows_every_option_that_a_step_gives_it(jobs: dict[str, JobDefinition]) -> None:
    """An option that the verb does not have is a usage error even before --help is answered."""
    values = {"RUN": "wine/1", "REPO": "wine", "URL": "u", "AGAIN": "no"}
    for name, job in jobs.items():
        if name.startswith("wine-forest"):
            words = shlex.split(re.sub(r"\$([A-Z]+)", lambda m: values.get(m[1], ""), job.steps[0].command))
            command = [Path(sys.executable).parent / "trainyard", *words[4:], "--help"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def test_below_target_is_unstable_and_nothing_else_is(jobs: dict[str, JobDefinition]) -> None:
    for name, job in jobs.items():
        expected = ExitCode.BELOW_TARGET if name.endswith(("evaluate", "retrain")) else None
        assert job.steps[0].unstable_return == expected


def test_the_chain_is_the_one_of_the_design(jobs: dict[str, JobDefinition]) -> None:
    edges = {
        (job.name.removeprefix("wine-forest-"), trigger.condition, target.removeprefix("wine-forest-"))
        for job in jobs.values()
        if job.name.startswith("wine-forest")
        for trigger in job.triggers
        for target in trigger.jobs
    }
    assert edges == {
        ("job1-pull", "SUCCESS", "job2-launch"),
        ("job2-launch", "SUCCESS", "job3-evaluate"),
        ("job3-evaluate", "SUCCESS", "job5-retrain"),
        ("job3-evaluate", "UNSTABLE", "job4-tweak"),
        ("job4-tweak", "SUCCESS", "job5-retrain"),
        ("job5-retrain", "SUCCESS", "job3-evaluate"),
        ("job6-monitor", "SUCCESS", "job2-launch"),
    }


def test_every_triggered_job_declares_the_parameter_it_is_sent(jobs: dict[str, JobDefinition]) -> None:
    """Jenkins drops parameters that a job does not declare (SECURITY-170)."""
    for job in jobs.values():
        for trigger in job.triggers:
            for target in trigger.jobs:
                assert "RUN" in {parameter.name for parameter in jobs[target].parameters}


def test_only_pull_and_monitor_start_by_the_clock(jobs: dict[str, JobDefinition]) -> None:
    for name, job in jobs.items():
        assert bool(job.timers) == name.endswith(("job1-pull", "job6-monitor"))


def test_a_repos_own_settings_reach_its_jobs() -> None:
    jobs = Jobs(FILES)
    repo = jobs.data["repos.yaml"][0]["project"]["repo"][1]["wine-forest"]
    repo |= {"paused": True, "label": "gpu", "catch-up": "@daily"}
    rendered = jobs.render(jobs.data)
    assert all(
        ("<disabled>true</disabled>" in xml) == name.startswith("wine-forest")
        for name, xml in rendered.items()
        if not name.endswith("-pipeline")
    )
    assert "<assignedNode>gpu</assignedNode>" in rendered["wine-forest-job4-tweak"]
    assert "<spec>@daily</spec>" in rendered["wine-forest-job1-pull"]
    assert "<assignedNode>trainyard</assignedNode>" in rendered["digits-cnn-job4-tweak"]
