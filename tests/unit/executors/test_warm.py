"""Trials of one run as forks of one process: a stand-in framework says in which process it was imported."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trainyard import resources
from trainyard.executors import datasets, records
from trainyard.executors.base import Limits, Status, Training
from trainyard.executors.process import ProcessExecutor
from trainyard.images.venvs import harness_folder

FRAMEWORK = "import os\nIMPORTED_IN = os.getpid()\nLEVEL = os.environ.get('LEVEL')\n"
SCRIPT = """
import torch
from pathlib import Path
Path("../pids").write_text(f"{torch.IMPORTED_IN} {torch.os.getpid()}")
while Path("wait").exists():
    torch.os.sched_yield()
"""


class Yard:
    """A state home whose environment has a framework that takes no time, and a run of two trials."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.executor = ProcessExecutor(self.home)
        self.venv = folder / "venv"
        (self.venv / "bin").mkdir(parents=True)
        (self.venv / "bin" / "python").symlink_to(sys.executable)
        (self.venv / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
        major, minor = sys.version_info[:2]
        framework = self.venv / "lib" / f"python{major}.{minor}" / "site-packages" / "torch"
        framework.mkdir(parents=True)
        (framework / "__init__.py").write_text(FRAMEWORK)
        harness = harness_folder(self.home)
        shutil.copytree(resources.HARNESS, harness / "trainyard_harness")
        self.source = folder / "source"
        self.source.mkdir()
        (self.source / "train.py").write_text(SCRIPT)
        self.folder = folder
        self.job: dict[str, Any] = {"schema": 1, "entry": "train.py"}

    def start(self, name: str, limits: Limits = Limits()) -> None:  # noqa: B008 - is frozen
        trial = self.folder / name
        trial.mkdir(exist_ok=True)
        (trial / "job.json").write_text(json.dumps(self.job))
        self.executor.start(
            Training(name=name, image=str(self.venv), source=self.source, trial=trial, limits=limits)
        )

    def train(self, name: str) -> tuple[int, int]:
        """Trains to the end: the process in which the framework was imported, and the training's own."""
        self.start(name)
        assert self.executor.wait(name, 60).status == Status.EXITED
        return self.pids(name)

    def pids(self, name: str) -> tuple[int, int]:
        path = self.folder / name / "pids"
        until(lambda: path.exists() and len(path.read_text().split()) == 2)
        imported, own = map(int, path.read_text().split())
        return imported, own

    def supervisor(self, name: str) -> int:
        found = records.read(self.home / "processes" / name / records.PROCESS)
        assert found is not None
        return int(found["pid"])


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    return records.start_time(pid) is None or b") Z" in Path(f"/proc/{pid}/stat").read_bytes()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    for name in ("one", "two"):
        made.executor.remove(name)


def handed_over(yard: Yard) -> None:
    """Waits until the supervisor of the trial before listens."""
    until(lambda: list((yard.home / "processes").glob(".warm-*")))


def test_a_framework_is_imported_once_for_all_trials_of_a_run(yard: Yard) -> None:
    first, one = yard.train("one")
    handed_over(yard)
    second, two = yard.train("two")
    assert first == second
    assert len({first, one, two}) == 3


def test_what_is_warm_ends_with_the_run(yard: Yard) -> None:
    imported, _ = yard.train("one")
    supervisor = yard.supervisor("one")
    yard.executor.remove("one")
    until(lambda: is_gone(supervisor) and is_gone(imported))
    assert list((yard.home / "processes").iterdir()) == []


def test_a_supervisor_killed_between_two_trials_costs_the_import_alone(yard: Yard) -> None:
    first, _ = yard.train("one")
    handed_over(yard)
    os.kill(yard.supervisor("one"), signal.SIGKILL)
    until(lambda: is_gone(first))
    second, _ = yard.train("two")
    assert first != second


def test_a_warm_process_that_is_killed_takes_the_training_along(yard: Yard) -> None:
    (yard.source / "wait").touch()
    yard.start("one")
    imported, own = yard.pids("one")
    os.kill(imported, signal.SIGKILL)
    assert yard.executor.wait("one", 60).status == Status.DIED
    assert is_gone(own)
    (yard.source / "wait").unlink()
    assert yard.train("two")[0] != imported


def test_a_training_with_the_network_datasets_gets_a_relay_of_its_own_and_no_warm_process(yard: Yard) -> None:
    first, _ = yard.train("one")
    handed_over(yard)
    yard.start("two", Limits(network="datasets", cache="warm"))
    assert yard.executor.wait("two", 60).status == Status.EXITED
    request = records.read(yard.home / "processes" / "two" / records.REQUEST)
    assert request is not None and not request["warm"]
    assert str(datasets.RELAY) in request["command"]
    assert yard.pids("two")[0] != first


def test_a_stopped_training_leaves_its_process_warm(yard: Yard) -> None:
    (yard.source / "wait").touch()
    yard.start("one")
    first, own = yard.pids("one")
    yard.executor.stop("one", 0)
    assert yard.executor.state("one").status == Status.DIED
    assert is_gone(own)
    handed_over(yard)
    (yard.source / "wait").unlink()
    assert yard.train("two")[0] == first


@pytest.mark.parametrize("steering", ["os.environ['LEVEL'] = str(1)", "env = os.environ"])
def test_a_script_that_steers_the_framework_imports_for_itself(yard: Yard, steering: str) -> None:
    (yard.source / "train.py").write_text(f"import os\n{steering}\n{SCRIPT}")
    imported, own = yard.train("one")
    assert imported == own


def test_plain_variables_are_there_when_the_framework_is_imported(yard: Yard) -> None:
    script = f"import os\nos.environ['LEVEL'] = '3'\n{SCRIPT}\nPath('../level').write_text(str(torch.LEVEL))"
    (yard.source / "train.py").write_text(script)
    imported, own = yard.train("one")
    assert imported != own
    assert (yard.folder / "one" / "level").read_text() == "3"


def test_variables_of_the_job_are_there_when_the_framework_is_imported(yard: Yard) -> None:
    (yard.source / "train.py").write_text(f"{SCRIPT}\nPath('../level').write_text(str(torch.LEVEL))")
    yard.job["env"] = {"LEVEL": "2"}
    imported, own = yard.train("one")
    assert imported != own
    assert (yard.folder / "one" / "level").read_text() == "2"


def test_a_framework_that_cannot_be_imported_is_left_to_the_script(yard: Yard) -> None:
    script = SCRIPT.replace(
        "import torch", "try:\n    import torch.nn\nexcept ImportError:\n    import torch"
    )
    (yard.source / "train.py").write_text(script)
    imported, own = yard.train("one")
    assert imported == own


def test_a_module_of_the_repository_goes_before_one_of_its_name(yard: Yard) -> None:
    (yard.source / "torch.py").write_text(FRAMEWORK)
    imported, own = yard.train("one")
    assert imported == own
