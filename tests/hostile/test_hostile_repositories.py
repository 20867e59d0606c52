"""Every hostile repository ends in its verdict, and neither the host nor another run notices."""

from __future__ import annotations

import concurrent.futures
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Answer, Yard
from tests.hostile.making import CANARY, TRAINS
from tests.hostile.repositories import PAGE, REPOSITORIES, SCRIPTS, Hostile, page

CONFIG = """
[limits]
memory = "400m"
cpus = 1.0
pids = 64
disk = "64m"
[policy]
target = 0.5
max_trials = 1
max_minutes = 20
[healing]
deaths = 3
pause = 0
"""
AT_ONCE = 3
MOST_MIB = 4096
DRIVES_A_TERMINAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Runs:
    """All of them run, AT_ONCE at a time, on one host; an honest run before and one among them."""

    yard: Yard
    answers: dict[str, Answer]
    alone: Any
    among: Any

    def verdict(self, name: str) -> Any:
        return json.loads(self.answers[name].out)

    def folder(self, name: str) -> Path:
        [folder] = [p for p in (self.yard.home / "runs" / name).iterdir() if not p.name.startswith(".")]
        return folder


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    home, code = tmp_path_factory.mktemp("yard"), tmp_path_factory.mktemp("code")
    (home / "config.toml").write_text(CONFIG)
    CANARY.unlink(missing_ok=True)
    try:
        yield _run_all(Yard(home, "docker"), code)
    finally:  # pytest's own cleaning does not go as deep as some of them
        subprocess.run(["rm", "-rf", str(home), str(code)], check=False)


def _run_all(yard: Yard, code: Path) -> Runs:
    (code / "honest").mkdir()
    (code / "honest" / "train.py").write_text(TRAINS)
    alone = yard("run", code / "honest", "--json").json

    def run(one: Hostile) -> Answer:
        (code / one.name).mkdir()
        one.make(code / one.name)
        return yard("run", code / one.name, *one.options, "--json", SECRET="canary-of-the-host")

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        half = len(REPOSITORIES) // 2
        going = {one.name: pool.submit(run, one) for one in REPOSITORIES[:half]}
        among = pool.submit(lambda: yard("run", code / "honest", "--name", "among", "--json").json)
        going |= {one.name: pool.submit(run, one) for one in REPOSITORIES[half:]}
        answers = {name: future.result() for name, future in going.items()}
        return Runs(yard, answers, alone, among.result())


@pytest.mark.docker
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("one", REPOSITORIES, ids=lambda one: one.name)
def test_a_hostile_repository_ends_in_its_verdict(runs: Runs, one: Hostile) -> None:
    answer = runs.answers[one.name]
    assert answer.code == one.code, answer.out + answer.err[-3000:]
    verdict = runs.verdict(one.name)
    assert verdict["outcome"] == ("failed" if one.code else "promoted")
    assert one.says in verdict["reason"]
    assert "\n" not in verdict["reason"]
    [listed] = [row for row in runs.yard("status", "--json").json if row["repo"] == one.name]
    assert listed["stage"] == "finished"


@pytest.mark.docker
def test_no_program_of_theirs_ran_on_the_host(runs: Runs) -> None:
    samples = runs.yard.home / "samples.csv"
    samples.write_text("1,2,3,4\n")
    runs.yard("predict", "model-with-code", samples, "--json")
    runs.yard("verify", runs.verdict("model-with-code")["run"], "--json")
    assert not CANARY.exists()
    assert not Path("x").exists()


@pytest.mark.docker
def test_an_honest_run_among_them_ends_as_if_alone(runs: Runs) -> None:
    kept = ("outcome", "metric", "retrains", "findings")
    assert {k: runs.among[k] for k in kept} == {k: runs.alone[k] for k in kept}


@pytest.mark.docker
def test_nothing_of_them_is_left_running(runs: Runs) -> None:
    import docker

    with docker.APIClient(version="auto") as api:
        assert api.containers(all=True, filters={"label": f"trainyard.home={runs.yard.home}"}) == []


@pytest.mark.docker
def test_no_file_of_theirs_sets_ids_or_is_a_device(runs: Runs) -> None:
    found = subprocess.run(
        ["find", str(runs.yard.home), "(", "-perm", "/6000", "-o", "-type", "b", "-o", "-type", "c", ")"],
        capture_output=True,
        check=False,
    )
    assert found.stdout == b""


@pytest.mark.docker
def test_logs_are_bounded_and_nothing_printed_drives_a_terminal(runs: Runs) -> None:
    for name, answer in runs.answers.items():
        assert not DRIVES_A_TERMINAL.search(answer.out + answer.err), name
        assert len(answer.err) < 20 * 2**20
    for log in runs.yard.home.glob("runs/*/*/trials/*/log.txt"):
        text = log.read_text(errors="replace")
        assert len(text) < 9 * 2**20
        assert not DRIVES_A_TERMINAL.search(text), log
    assert not DRIVES_A_TERMINAL.search(runs.yard("status").out)


@pytest.mark.docker
def test_no_report_holds_their_markup(runs: Runs) -> None:
    for report in runs.yard.home.glob("runs/*/*/report.html"):
        assert "<script" not in report.read_text()
        assert "<img src=x" not in report.read_text()


@pytest.mark.docker
@pytest.mark.parametrize("name", ["forged-early", "model-elsewhere", "model-no-name", "model-in-a-circle"])
def test_a_number_is_not_served_without_its_model(runs: Runs, name: str) -> None:
    verdict = runs.verdict(name)
    assert (verdict["model"], verdict["serving"]) == (None, False)
    assert not (runs.yard.home / "champions" / f"{name}.json").exists()


@pytest.mark.docker
def test_what_trainyard_says_of_them_later_drives_no_terminal(runs: Runs) -> None:
    run = runs.verdict("model-escapes")["run"]
    for command in (("show", run), ("status",), ("verify", run), ("gc",)):
        answer = runs.yard(*command)
        assert not DRIVES_A_TERMINAL.search(answer.out + answer.err), command


@pytest.mark.docker
def test_the_disk_of_each_is_bounded(runs: Runs) -> None:
    """By a look each second: how much is written meanwhile is the disk's speed and the machine's load."""
    for one in REPOSITORIES:
        used = subprocess.run(
            ["du", "-sm", str(runs.folder(one.name) / "trials")], capture_output=True, text=True, check=False
        )
        if used.returncode == 0:
            assert int(used.stdout.split()[0]) < MOST_MIB, one.name


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text() == page(), "run: PYTHONPATH=. python tests/hostile/repositories.py"


def test_there_are_forty_and_every_script_is_one_of_theirs() -> None:
    names = {one.name for one in REPOSITORIES}
    assert len(names) == len(REPOSITORIES) >= 40
    assert {script.stem for script in SCRIPTS.iterdir()} <= names
