from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from shutil import copytree

import pytest

from trainyard import resources
from trainyard.chain.jjb import render_files
from trainyard.chain.parse import parse
from trainyard.chain.render import JobXml, render
from trainyard.exits import ExitCode, TrainyardError

FILES = sorted(file for file in resources.JENKINS_JOBS.glob("*.yaml") if file.name != "repos.yaml")


def rendered(name: str, value: str) -> list[JobXml]:
    """As Jenkins Job Builder makes the jobs of a repo whose every value is `value`."""
    jobs = render_files(FILES, [{"repo": name, "url": value, "branch": value, "policy": value}]).jobs
    return [JobXml(name, xml) for name, xml in jobs.items()]


def test_a_repo_gets_its_six_jobs(tmp_path: Path) -> None:
    jobs = render("wine", cache=tmp_path)
    verbs = ["job1-pull", "job2-launch", "job3-evaluate", "job4-tweak", "job5-retrain", "job6-monitor"]
    assert [job.name for job in jobs] == [f"wine-{verb}" for verb in verbs]


def test_the_shipped_list_of_repos_is_left_out(tmp_path: Path) -> None:
    assert not any("digits" in job.xml for job in render("wine", cache=tmp_path))


@pytest.mark.parametrize("name", ["digits", "A.b_c-9", "x" * 64, "0", "a-repo-of-any-name"])
def test_a_name_put_in_afterwards_is_a_name_rendered(tmp_path: Path, name: str) -> None:
    render("wine", cache=tmp_path)
    assert render(name, cache=tmp_path) == rendered(name, "")
    assert len(list(tmp_path.glob("*.json"))) == 1


@pytest.mark.parametrize(
    "value",
    [
        "{curly} {{twice}} {obj:x} {a|b}",
        "$(id) `id` \"quoted\" 'quoted' \\",
        "</defaultValue><x/>&amp; ]]>",
        "!include: /etc/passwd",
        "- a: [b, *c]",
        "/srv/naïve/日本/😀",
    ],
)
def test_hostile_values_are_only_ever_parameter_defaults(value: str) -> None:
    jobs = rendered("wine", value)
    defaults = {p.name: p.default for p in parse(jobs[0].name, jobs[0].xml).parameters}
    assert {defaults[name] for name in ("URL", "BRANCH", "POLICY")} == {value}
    for ours, theirs in zip(jobs, rendered("wine", "plain"), strict=True):
        assert parse(ours.name, ours.xml).steps == parse(theirs.name, theirs.xml).steps


@pytest.mark.parametrize("name", ["", "a/b", "../a", "a b", "-a", "a,b", "a{b}", "$(id)"])
def test_names_that_cannot_be_a_job_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        render(name, cache=tmp_path)
    assert caught.value.code is ExitCode.BAD_CONFIG


def test_a_kept_rendering_is_read_without_jenkins_job_builder(tmp_path: Path) -> None:
    first = render("wine", cache=tmp_path)
    program = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from trainyard.chain.render import render

        print(len(render('wine', cache=Path({str(tmp_path)!r}))))
        assert not {{"jenkins_jobs", "pkg_resources", "yaml"}} & set(sys.modules), "slow import"
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "6\n"
    assert render("wine", cache=tmp_path) == first


def test_changed_yaml_is_rendered_anew(tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    copytree(resources.JENKINS_JOBS, folder)
    before = render("wine", cache=tmp_path / "cache", folder=folder)
    pull = folder / "job1-pull.yaml"
    pull.write_text(pull.read_text().replace("trainyard pull", "trainyard PULL"))
    after = render("wine", cache=tmp_path / "cache", folder=folder)
    assert "trainyard PULL" in after[0].xml
    assert "trainyard PULL" not in before[0].xml
    (folder / "repos.yaml").write_text("not even: [yaml")
    assert render("wine", cache=tmp_path / "cache", folder=folder) == after


def test_another_version_of_jenkins_job_builder_renders_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render("wine", cache=tmp_path)
    monkeypatch.setattr("trainyard.chain.render._builder_version", lambda: "7.0.0")
    render("wine", cache=tmp_path)
    assert len(list(tmp_path.glob("*.json"))) == 2


@pytest.mark.parametrize("damage", [b"", b"[", b'{"name": 1}', b"\xff\xfe"])
def test_a_torn_cache_is_made_again(tmp_path: Path, damage: bytes) -> None:
    first = render("wine", cache=tmp_path)
    (entry,) = tmp_path.glob("*.json")
    entry.write_bytes(damage)
    assert render("wine", cache=tmp_path) == first


def test_the_cache_does_not_grow_without_end(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number:032}.json").write_text("[]")
    render("wine", cache=tmp_path)
    assert len(list(tmp_path.glob("*.json"))) == 50
    assert render("wine", cache=tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- job: {name: x, builders: [{no-such-step: 1}]}", "no-such-step"),
        ("- no-such-thing: {name: x}", "no-such-thing"),
        ("- job-template: {id: job1-pull, name: '{repo}-{undefined}'}", "Duplicate"),
    ],
)
def test_yaml_that_does_not_render_is_one_clear_error(tmp_path: Path, text: str, said: str) -> None:
    folder = tmp_path / "jobs"
    copytree(resources.JENKINS_JOBS, folder)
    (folder / "wrong.yaml").write_text(text + "\n")
    with pytest.raises(TrainyardError, match=said) as caught:
        render("wine", cache=tmp_path / "cache", folder=folder)
    assert caught.value.code is ExitCode.CHAIN


def test_broken_yaml_is_one_clear_error_naming_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    copytree(resources.JENKINS_JOBS, folder)
    (folder / "wrong.yaml").write_text("- job: {name: [\n")
    with pytest.raises(TrainyardError, match=r"wrong\.yaml"):
        render("wine", cache=tmp_path / "cache", folder=folder)


def test_a_users_own_builder_configuration_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / ".config/jenkins_jobs/jenkins_jobs.ini"
    config.parent.mkdir(parents=True)
    config.write_text("[job_builder]\nkeep_descriptions=True\n")
    expected = render("wine", cache=tmp_path / "a")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert render("wine", cache=tmp_path / "b") == expected
