"""The process executor on real processes: a stand-in harness runs `train.py` of the source, nothing more."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trainyard.executors import records
from trainyard.executors.base import Limits, Status, Training
from trainyard.executors.endings import TIMED_OUT
from trainyard.executors.process import ProcessExecutor
from trainyard.exits import TrainyardError
from trainyard.images.venvs import harness_folder, reference_to

HARNESS = """
import os, runpy
runpy.run_path(os.path.join(os.environ["TRAINYARD_SOURCE"], "train.py"))
"""


class Yard:
    """A state home with an executor, a bare environment and one training called `one`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.executor = ProcessExecutor(self.home)
        self.venv = folder / "venv"
        (self.venv / "bin").mkdir(parents=True)
        (self.venv / "bin" / "python").symlink_to(sys.executable)
        package = harness_folder(self.home) / "trainyard_harness"
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(HARNESS)
        (package / "told.py").write_text("print('told')")
        self.source, self.trial = folder / "source", folder / "trial"
        self.source.mkdir()
        self.trial.mkdir()

    def training(self, code: str, **more: object) -> Training:
        (self.source / "train.py").write_text(code)
        defaults: dict[str, object] = {"name": "one", "image": str(self.venv)}
        return Training(**(defaults | {"source": self.source, "trial": self.trial} | more))  # type: ignore[arg-type]

    def start(self, code: str, **more: object) -> None:
        self.executor.start(self.training(code, **more))

    @property
    def folder(self) -> Path:
        return self.home / "processes" / "one"

    def child(self) -> int:
        return int(until(lambda: records.read(self.folder / records.CHILD))["pid"])  # type: ignore[index]

    def supervisor(self) -> int:
        return int(until(lambda: records.read(self.folder / records.PROCESS))["pid"])  # type: ignore[index]

    def written(self, name: str) -> str:
        path = self.trial / name
        until(lambda: path.exists() and path.read_text())
        return path.read_text()


def until(found: Callable[[], object]) -> object:
    """Waits for something true, long enough for the slowest machine."""
    deadline = time.monotonic() + 30
    while not (value := found()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value


def is_gone(pid: int) -> bool:
    return records.start_time(pid) is None or b") Z" in Path(f"/proc/{pid}/stat").read_bytes()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    made.executor.remove("one")


SLEEP = """
import os, time
open(os.environ["TRAINYARD_TRIAL"] + "/pid", "w").write(str(os.getpid()))
time.sleep(60)
"""


def test_a_training_runs_with_its_folders_and_ends_with_its_code(yard: Yard) -> None:
    yard.start(
        "import os\nopen(os.environ['TRAINYARD_TRIAL'] + '/x', 'w').write('made')\nraise SystemExit(3)"
    )
    state = yard.executor.wait("one", 30)
    assert (state.status, state.exit_code) == (Status.EXITED, 3)
    assert yard.written("x") == "made"


def test_any_process_can_ask_by_name_alone(yard: Yard) -> None:
    yard.start(SLEEP)
    assert ProcessExecutor(yard.home).state("one").status == Status.RUNNING
    ProcessExecutor(yard.home).stop("one", 0)
    assert ProcessExecutor(yard.home).state("one").status == Status.DIED


def test_a_name_never_started_is_absent(yard: Yard) -> None:
    assert yard.executor.state("one").status == Status.ABSENT
    assert yard.executor.wait("one", 1).status == Status.ABSENT
    assert list(yard.executor.logs("one")) == []
    yard.executor.stop("one", 1)


def test_starting_twice_starts_once(yard: Yard) -> None:
    count = "import os\nopen(os.environ['TRAINYARD_TRIAL'] + '/count', 'a').write('x')"
    yard.start(count)
    yard.start(count)
    yard.executor.wait("one", 30)
    yard.start(count)
    assert yard.executor.wait("one", 30).status == Status.EXITED
    assert yard.written("count") == "x"


def test_a_start_that_was_killed_before_anything_ran_can_be_repeated(yard: Yard) -> None:
    yard.folder.mkdir(parents=True)
    records.write(yard.folder / records.REQUEST, {"torn": "by SIGKILL"})
    (yard.folder / records.ALIVE).touch()
    assert yard.executor.state("one").status == Status.ABSENT
    yard.start("print('ran')")
    assert yard.executor.wait("one", 30).exit_code == 0


def test_a_removed_training_is_absent(yard: Yard) -> None:
    yard.start("pass")
    yard.executor.wait("one", 30)
    yard.executor.remove("one")
    assert yard.executor.state("one").status == Status.ABSENT


def test_a_killed_training_died(yard: Yard) -> None:
    yard.start(SLEEP)
    os.kill(yard.child(), signal.SIGKILL)
    state = yard.executor.wait("one", 30)
    assert state.status == Status.DIED
    assert "SIGKILL" in state.detail


def test_a_killed_supervisor_is_death_and_takes_the_training_along(yard: Yard) -> None:
    yard.start(SLEEP)
    child = yard.child()
    os.kill(yard.supervisor(), signal.SIGKILL)
    assert yard.executor.wait("one", 30).status == Status.DIED
    until(lambda: is_gone(child))


def test_no_worker_of_a_killed_supervisor_is_left(yard: Yard) -> None:
    yard.start(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    open(os.environ['TRAINYARD_TRIAL'] + '/worker', 'w').write(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    worker = int(yard.written("worker"))
    os.kill(yard.supervisor(), signal.SIGKILL)
    yard.executor.wait("one", 30)
    until(lambda: is_gone(worker))


def test_nothing_outlives_the_end_of_a_training(yard: Yard) -> None:
    yard.start(
        "import os, subprocess\n"
        "worker = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "open(os.environ['TRAINYARD_TRIAL'] + '/worker', 'w').write(str(worker.pid))\n"
        "os._exit(0)"
    )
    assert yard.executor.wait("one", 30).exit_code == 0
    assert is_gone(int(yard.written("worker")))


def test_too_much_memory_is_said_as_such(yard: Yard) -> None:
    yard.start("x = bytearray(300 * 2**20)\nimport time\ntime.sleep(60)", limits=Limits(memory=100 * 2**20))
    state = yard.executor.wait("one", 30)
    assert state.status == Status.OUT_OF_MEMORY
    said = re.search(r"its limit of 100 MiB; the peak was (\d+) MiB", state.detail)
    assert said is not None and int(said[1]) > 100, state.detail


def test_the_memory_of_all_its_processes_counts(yard: Yard) -> None:
    yard.start(
        "import os, time\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        break\n"
        "x = bytearray(80 * 2**20)\n"
        "time.sleep(60)",
        limits=Limits(memory=200 * 2**20),
    )
    assert yard.executor.wait("one", 30).status == Status.OUT_OF_MEMORY


def test_memory_that_workers_share_counts_once(yard: Yard) -> None:
    yard.start(
        "import os, time\n"
        "x = bytearray(80 * 2**20)\n"
        "children = []\n"
        "for _ in range(3):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        time.sleep(1)\n"
        "        os._exit(0)\n"
        "    children.append(pid)\n"
        "for pid in children:\n"
        "    os.waitpid(pid, 0)",
        limits=Limits(memory=200 * 2**20),
    )
    assert yard.executor.wait("one", 30).status == Status.EXITED


def test_stop_lets_a_training_end_by_itself_first(yard: Yard) -> None:
    yard.start(
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))\n"
        "open(os.environ['TRAINYARD_TRIAL'] + '/ready', 'w').write('x')\n"
        "time.sleep(60)"
    )
    yard.written("ready")
    yard.executor.stop("one", 30)
    assert yard.executor.state("one").exit_code == 4


def test_stop_kills_what_ignores_it(yard: Yard) -> None:
    yard.start(
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open(os.environ['TRAINYARD_TRIAL'] + '/ready', 'w').write('x')\n"
        "time.sleep(60)"
    )
    yard.written("ready")
    yard.executor.stop("one", 0.2)
    assert yard.executor.state("one").status == Status.DIED


def test_wait_ends_with_its_timeout(yard: Yard) -> None:
    yard.start(SLEEP)
    assert yard.executor.wait("one", 0.2).status == Status.RUNNING


def test_logs_follow_until_the_end(yard: Yard) -> None:
    yard.start("import time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.2)")
    assert b"".join(yard.executor.logs("one")) == b"0\n1\n2\n"
    assert yard.executor.state("one").status == Status.EXITED


def test_logs_without_following_answer_at_once(yard: Yard) -> None:
    yard.start(f"print('so far', flush=True)\n{SLEEP}")
    yard.written("pid")
    until(lambda: b"".join(yard.executor.logs("one", follow=False)) == b"so far\n")


def test_endless_output_does_not_fill_the_disk(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.start("import sys\nfor _ in range(80):\n    sys.stdout.write('x' * 2**20)\nsys.exit(5)")
    assert yard.executor.wait("one", 60).exit_code == 5
    assert (yard.folder / records.OUTPUT).stat().st_size < 65 * 2**20


def test_the_hosts_environment_stays_outside(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_PASSWORD", "hunter2")
    yard.start("import os\nprint('CLOUD_PASSWORD' in os.environ, os.environ['GIVEN'])", env={"GIVEN": "yes"})
    assert b"".join(yard.executor.logs("one")) == b"False yes\n"


def test_a_package_of_the_same_name_where_the_command_is_typed_is_not_run(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap" / "trainyard"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('trapped')")
    monkeypatch.chdir(trap.parent)
    yard.start("print('ran')")
    assert yard.executor.wait("one", 30).exit_code == 0


def test_run_answers_code_and_output_and_leaves_nothing(yard: Yard) -> None:
    answer = yard.executor.run(yard.training(""), ["trainyard_harness.told"], 30)
    assert answer == (0, b"told\n")
    assert yard.executor.state("one").status == Status.ABSENT


def test_run_ends_what_takes_too_long(yard: Yard) -> None:
    code, _ = yard.executor.run(yard.training(SLEEP), ["trainyard_harness"], 0.5)
    assert code == TIMED_OUT


def test_an_environment_that_is_gone_is_said(yard: Yard) -> None:
    yard.start("pass", image=str(yard.venv / "nowhere"))
    state = yard.executor.wait("one", 30)
    assert (state.status, state.exit_code) == (Status.EXITED, 127)
    assert "nowhere" in state.detail


def test_a_run_keeps_the_harness_that_it_was_prepared_with(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = reference_to(yard.venv)
    monkeypatch.setattr("trainyard.images.venvs.harness_hash", lambda: "0" * 12)  # an upgrade in between
    yard.start("print('trained')", image=prepared)
    assert yard.executor.wait("one", 30).exit_code == 0
    assert b"".join(yard.executor.logs("one")) == b"trained\n"
    with pytest.raises(TrainyardError) as caught:
        yard.start("pass", name="two", image=f"{yard.venv}:{'f' * 12}")
    assert "harness that this run began with is gone" in caught.value.message
