"""A run gives its winner back: a patch that applies, a branch where the operator wants one, never more."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMMAND, EXAMPLES, Yard
from trainyard.exits import ExitCode

PUSHING = "[patch]\npush = true\n"


def git(*arguments: str, cwd: Path) -> str:
    names = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(["git", *names, *arguments], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A developer's repository with a weak forest in it, on branch main."""
    path = tmp_path / "salary"
    shutil.copytree(EXAMPLES / "salary-regression", path)
    git("init", "--quiet", "--initial-branch=main", cwd=path)
    git("add", ".", cwd=path)
    git("commit", "--quiet", "-m", "first", cwd=path)
    return path


def test_the_patch_is_printed_applies_and_is_a_branch_of_its_own(
    make_yard: Callable[..., Yard], repository: Path, tmp_path: Path
) -> None:
    yard = make_yard("process", PUSHING)
    before = git("rev-parse", "main", cwd=repository)
    verdict = yard("run", repository, "--seed", "7", "--json").json
    patch = verdict["patch"]
    assert patch["metric"]["value"] > verdict["target"], patch
    assert patch["sentence"] in Path(verdict["report"]).read_text().replace("&#39;", "'")
    printed = yard("patch", verdict["run"])
    assert printed.out == Path(patch["path"]).read_text()
    subprocess.run(["git", "apply", "-"], cwd=repository, input=printed.out, text=True, check=True)
    assert "n_estimators=300" in (repository / "train.py").read_text()
    branch = f"trainyard/{verdict['run'].split('/')[1]}"
    assert patch["branch"] == branch
    assert sorted(git("branch", "--format=%(refname:short)", cwd=repository).split()) == ["main", branch]
    assert git("rev-parse", "main", f"{branch}^", cwd=repository).split() == [before, before]
    assert git("diff", f"main..{branch}", cwd=repository) == git("diff", cwd=repository)
    assert not (yard.home / "runs" / verdict["run"] / "patch").exists()


def test_a_run_killed_while_its_patch_is_proven_goes_on_from_there(
    make_yard: Callable[..., Yard], repository: Path
) -> None:
    yard = make_yard("process")
    process = subprocess.Popen(
        [str(COMMAND), "run", str(repository), "--seed", "7"],
        env=yard.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not list(yard.home.glob("runs/*/*/patch/1/source")) and time.monotonic() < deadline:
        time.sleep(0.05)
    subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=True)
    process.wait()
    answer = yard("run", repository, "--seed", "7", "--json")
    assert answer.code == ExitCode.OK, answer.err
    assert answer.json["patch"]["path"] and answer.json["retrains"] == 1
    assert len(list(yard.home.glob("runs/*/*"))) == 1


def test_there_is_no_patch_where_the_pushed_code_is_the_best(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard("process")
    verdict = yard("run", EXAMPLES / "wine-forest", "--json").json
    assert verdict["patch"] is None
    refused = yard("patch", verdict["run"])
    assert refused.code == ExitCode.NOT_FOUND
    assert "There is no patch" in refused.complaint
