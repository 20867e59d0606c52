"""What becomes of a push after it was seen: superseding, remarks, the local chain, a container's death."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Yard
from tests.integration.watch_yard import Jenkins, Repo, Watcher, git, until
from trainyard.exits import ExitCode

SLEEPY = """\
import time
from sklearn.tree import DecisionTreeClassifier

time.sleep(300)
DecisionTreeClassifier().fit([[0], [1]], [0, 1])
"""
TREE = """\
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

x, y = load_iris(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
print(DecisionTreeClassifier(random_state=0).fit(x_train, y_train).score(x_test, y_test))
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path, "case")
    (repo.clone / "train.py").write_text(TREE)
    git("add", "train.py", cwd=repo.clone)
    repo.pushed("one")
    return repo


def pull(yard: Yard, repo: Repo, policy: str = "") -> str:
    """Job1 for the tip; the run's key."""
    options = ["--url", repo.bare, "--branch", "main", "--policy", policy]
    return yard("pull", *options, "--json").json["run"]


@pytest.mark.parametrize(("policy", "ends"), [("none", False), ("queued", True), ("running", True)])
def test_a_newer_push_ends_a_queued_run_where_the_policy_says_so(
    process_yard: Yard, repo: Repo, policy: str, ends: bool
) -> None:
    older = pull(process_yard, repo)
    repo.pushed("two")
    newer = pull(process_yard, repo, f"supersede={policy}")
    state = process_yard.run_state(older)
    assert (state["stage"] == "finished") is ends
    if ends:
        assert state["failure"]["code"] == ExitCode.SUPERSEDED
        assert "superseded by the push" in process_yard("show", older, "--json").json["reason"]
    assert process_yard.run_state(newer)["stage"] == "pulled"


@pytest.mark.training
def test_a_newer_push_ends_a_training_only_where_the_policy_says_running(
    process_yard: Yard, repo: Repo
) -> None:
    (repo.clone / "train.py").write_text(SLEEPY)
    git("commit", "--quiet", "--all", "--message", "sleepy", cwd=repo.clone)
    repo.push()
    older = pull(process_yard, repo)
    assert process_yard("launch", "--run", older).code == 0
    for number, policy in enumerate(("queued", "running")):
        assert process_yard.run_state(older)["stage"] == "training"
        repo.pushed(f"newer {number}")
        pull(process_yard, repo, f"supersede={policy}")
    assert process_yard.run_state(older)["failure"]["code"] == ExitCode.SUPERSEDED


def test_submodules_lfs_and_rewritten_history_are_said(process_yard: Yard, repo: Repo) -> None:
    pull(process_yard, repo)
    git("checkout", "--quiet", "--orphan", "other", cwd=repo.clone)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"
    (repo.clone / "data\x1b.csv").write_text(pointer)
    git("add", "-A", cwd=repo.clone)
    commit = git("-C", repo.bare, "rev-parse", "main")
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},libs/sub", cwd=repo.clone)
    repo.pushed("odd")
    remarks = process_yard.run_state(pull(process_yard, repo))["remarks"]
    assert remarks == [
        "Submodules are not fetched: libs/sub.",
        "Content kept in Git LFS is not fetched: data?.csv.",
        f"The branch was rewritten: {commit[:10]}, trained before, is not in its history.",
    ]


def test_a_commit_that_could_not_be_fetched_gets_its_run_later(process_yard: Yard, repo: Repo) -> None:
    commit = git("-C", repo.bare, "rev-parse", "main")
    options = ["--repo", "case", "--url", repo.bare, "--branch", "main", "--commit", commit]
    aside = repo.bare.rename(repo.bare.with_name("aside"))
    assert process_yard("pull", *options).code == ExitCode.NOT_FOUND
    aside.rename(repo.bare)
    assert process_yard("pull", *options, "--json").json["stage"] == "pulled"


@pytest.mark.training
def test_the_local_watcher_takes_each_push_to_its_verdict(
    tmp_path: Path, repo: Repo, make_yard: Callable[..., Yard]
) -> None:
    yard = make_yard("process")
    rows = [{"name": "case", "url": str(repo.bare), "policy": "target=0.9"}]
    watcher = Watcher(tmp_path, None, rows, environment={"TRAINYARD_EXECUTOR": "process"})

    def ended() -> list[dict[str, Any]]:
        return [row for row in yard("status", "--json").json if row.get("outcome")]

    watcher.start("--local")
    try:
        until(lambda: len(ended()) == 1, 600)
        watcher.kill()
        second = repo.pushed("while nobody watches")
        watcher.start("--local")
        until(lambda: len(ended()) == 2, 600)
    finally:
        watcher.kill()
    assert [row["outcome"] for row in ended()] == ["promoted", "promoted"]
    assert ended()[1]["commit"] == second
    started = watcher.events("run started")
    assert [event["run"] for event in started] == [row["run"] for row in ended()]


@pytest.mark.docker
def test_a_training_container_that_is_killed_starts_job6_of_its_repo_at_once(tmp_path: Path) -> None:
    import docker

    api = docker.APIClient(version="auto")
    jenkins = Jenkins(tmp_path)
    jenkins.load("digits")
    watcher = Watcher(tmp_path, jenkins, [{"name": "digits", "url": str(tmp_path / "none.git")}])
    containers = []
    try:
        jenkins.start()
        watcher.start()
        until(lambda: (tmp_path / "home/watch/status.json").exists() and not watcher.view()["docker"])
        for command in (["true"], ["sleep", "300"]):
            made = api.create_container(
                os.environ.get("TRAINYARD_BASE_IMAGE", "debian:bookworm"),
                command=command,
                labels={"trainyard.home": str(watcher.home), "trainyard.run": "digits/20261121T203012Z-4f"},
            )
            containers.append(made["Id"])
            api.start(made["Id"])
        api.wait(containers[0])
        api.kill(containers[1])
        until(lambda: watcher.events("job6 triggered"))
        until(lambda: [call for _, call in jenkins.calls() if call["verb"] == "monitor"])
        assert [call["--repo"] for _, call in jenkins.calls() if call["verb"] == "monitor"] == ["digits"]
        assert "trainyard_container_deaths_total 1.0" in watcher.metrics()
    finally:
        for container in containers:
            api.remove_container(container, force=True)
        watcher.kill()
        jenkins.kill()
