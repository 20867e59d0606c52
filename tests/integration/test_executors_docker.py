"""A training container from the inside: every limit is tried by code that wants to break it."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from trainyard.executors.base import Limits, State, Status, Training
from trainyard.executors.docker import DockerExecutor
from trainyard.executors.endings import TIMED_OUT

pytestmark = pytest.mark.docker

MIB = 2**20


class Yard:
    """A Docker executor, and a source and trial folder for the training `name`."""

    def __init__(self, home: Path, folder: Path, image: str) -> None:
        self.executor = DockerExecutor(home)
        self.image = image
        self.name = f"test-{os.getpid()}-{folder.name}"
        self.source, self.trial = folder / "source", folder / "trial"
        self.source.mkdir()
        self.trial.mkdir()

    def training(self, code: str, **more: Any) -> Training:
        (self.source / "train.py").write_text(code)
        # the module is found beside nothing else: /src holds this one file
        defaults: dict[str, Any] = {"env": {"PYTHONPATH": "/src"}, "limits": Limits(memory=256 * MIB)}
        defaults |= {"name": self.name, "image": self.image, "source": self.source, "trial": self.trial}
        return Training(**(defaults | more))

    def run(self, code: str, **more: Any) -> tuple[int, str]:
        code_, output = self.executor.run(self.training(code, **more), ["train"], 60)
        return code_, output.decode()

    def ask(self, expression: str, **more: Any) -> Any:
        """What an expression is worth inside."""
        code, output = self.run(f"import json, os, pathlib, socket\nprint(json.dumps({expression}))", **more)
        assert code == 0, output
        return json.loads(output)

    def start(self, code: str, **more: Any) -> None:
        """Starts it as a training: a package of the harness' name in the source stands in for it."""
        package = self.source / "trainyard_harness"
        package.mkdir(exist_ok=True)
        (package / "__main__.py").write_text(code)
        self.executor.start(self.training("", **more))

    @property
    def container(self) -> str:
        return f"trainyard-{self.name}"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("docker-home")


@pytest.fixture(scope="session")
def image(home: Path) -> str:
    return DockerExecutor(home).prepare("base", None, print)


@pytest.fixture
def yard(home: Path, image: str, tmp_path: Path) -> Iterator[Yard]:
    made = Yard(home, tmp_path, image)
    yield made
    made.executor.remove(made.name)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    with docker.APIClient(version="auto") as api:
        yield api


def test_there_is_no_docker_socket(yard: Yard) -> None:
    assert yard.ask("[os.path.exists(p) for p in ('/var/run/docker.sock', '/run/docker.sock')]") == [
        False,
        False,
    ]


def test_it_is_not_root(yard: Yard) -> None:
    assert yard.ask("[os.getuid(), os.geteuid(), os.getgid()]") == [1000, 1000, 1000]


def test_it_has_no_capability_and_can_get_none(yard: Yard) -> None:
    status = yard.ask(
        "dict(l.split(':\\t') for l in pathlib.Path('/proc/self/status').read_text().splitlines())"
    )
    assert {int(status[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.parametrize("path", ["/x", "/etc/x", "/opt/harness/x", "/opt/venv/x", "/src/x", "/home/x"])
def test_it_writes_nowhere_but(yard: Yard, path: str) -> None:
    code, output = yard.run(f"open({path!r}, 'w')")
    assert code == 1
    assert "OSError" in output or "PermissionError" in output or "FileNotFoundError" in output
    assert not (yard.source / "x").exists()


def test_it_writes_to_its_trial_and_to_tmp(yard: Yard) -> None:
    code, output = yard.run("open('/trial/made', 'w').write('yes'); open('/tmp/x', 'w').write('yes')")
    assert (code, output) == (0, "")
    assert (yard.trial / "made").read_text() == "yes"


def test_a_checkout_that_only_root_may_read_is_readable_inside(yard: Yard) -> None:
    (yard.source / "data").mkdir()
    (yard.source / "data" / "x.csv").write_text("1,2\n")
    (yard.source / "link").symlink_to("/etc/shadow")
    before = Path("/etc/shadow").stat().st_mode
    for path in (yard.source / "data" / "x.csv", yard.source / "data", yard.source):
        path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR)
    assert yard.ask("open('/src/data/x.csv').read()") == "1,2\n"
    assert Path("/etc/shadow").stat().st_mode == before


def test_what_an_earlier_attempt_or_the_controller_wrote_is_writable(yard: Yard) -> None:
    (yard.trial / "checkpoint").mkdir(mode=0o700)
    (yard.trial / "checkpoint" / "last").write_text("old")
    (yard.trial / "link").symlink_to("/etc/hostname")
    owner = Path("/etc/hostname").stat().st_uid
    code, output = yard.run("open('/trial/checkpoint/last', 'w').write('new')")
    assert code == 0, output
    assert Path("/etc/hostname").stat().st_uid == owner


def test_the_parents_weights_are_readable_and_not_writable(yard: Yard, tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    parent.mkdir()
    (parent / "weights").write_text("w")
    assert yard.ask("open(os.environ['TRAINYARD_PARENT'] + '/weights').read()", parent=parent) == "w"
    code, output = yard.run("open('/parent/x', 'w')", parent=parent)
    assert (code, "Read-only file system" in output) == (1, True)


def test_there_is_no_network(yard: Yard) -> None:
    assert yard.ask("[name for _, name in socket.if_nameindex()]") == ["lo"]
    code, output = yard.run("import socket\nsocket.create_connection(('1.1.1.1', 53), 3)")
    assert (code, "Network is unreachable" in output) == (1, True)


def test_the_network_is_there_where_the_operator_gives_it(yard: Yard) -> None:
    limits = Limits(memory=256 * MIB, network="full")
    assert len(yard.ask("[name for _, name in socket.if_nameindex()]", limits=limits)) > 1


def test_it_cannot_start_more_processes_than_its_limit(yard: Yard) -> None:
    code, output = yard.run(
        "import os, time\n"
        "started = 0\n"
        "try:\n"
        "    for _ in range(200):\n"
        "        if os.fork() == 0:\n"
        "            time.sleep(30)\n"
        "            os._exit(0)\n"
        "        started += 1\n"
        "except BlockingIOError:\n"
        "    print(started, flush=True)\n"
        "os._exit(0)",
        limits=Limits(memory=256 * MIB, pids=20),
    )
    assert code == 0
    assert 10 < int(output) < 20


def test_tmp_cannot_be_filled_without_end_nor_run_from(yard: Yard) -> None:
    size = yard.ask("os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize")
    assert size == 128 * MIB
    code, output = yard.run(
        "import os, subprocess\n"
        "open('/tmp/x', 'w').write('#!/bin/sh')\n"
        "os.chmod('/tmp/x', 0o755)\n"
        "subprocess.run(['/tmp/x'])"
    )
    assert (code, "PermissionError" in output) == (1, True)


def test_it_gets_the_threads_of_its_limit(yard: Yard) -> None:
    assert yard.ask("os.environ['OMP_NUM_THREADS']", limits=Limits(memory=256 * MIB, cpus=1)) == "1"


def test_its_log_cannot_fill_the_disk(yard: Yard, engine: docker.APIClient) -> None:
    yard.start("pass")
    config = engine.inspect_container(yard.container)["HostConfig"]["LogConfig"]
    assert config == {"Type": "json-file", "Config": {"max-size": "32m", "max-file": "2"}}


def test_a_start_that_was_killed_half_way_is_made_anew(yard: Yard, engine: docker.APIClient) -> None:
    left = engine.create_container(yard.image, name=yard.container)["Id"]
    yard.start("print('trained')")
    assert yard.executor.wait(yard.name, 60) == State(Status.EXITED, 0)
    assert engine.inspect_container(yard.container)["Id"] != left
    assert b"trained" in b"".join(yard.executor.logs(yard.name))


def test_too_much_memory_is_said_as_such(yard: Yard) -> None:
    yard.start("import time\nheld = []\nwhile True:\n    held.append(bytearray(2**22))\n    time.sleep(0.01)")
    state = yard.executor.wait(yard.name, 60)
    assert state.status == Status.OUT_OF_MEMORY
    said = re.search(r"its limit of (\d+) MiB; the peak was (\d+) MiB", state.detail)
    assert said is not None, state.detail
    limit, peak = map(int, said.groups())
    assert 0.5 * limit < peak <= limit


def test_a_worker_killed_for_memory_is_said_as_such(yard: Yard) -> None:
    yard.start(
        "import os, sys\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    x = bytearray(512 * 2**20)\n"
        "    os._exit(0)\n"
        "_, status = os.waitpid(pid, 0)\n"
        "sys.exit('a worker died' if status else 0)"
    )
    assert yard.executor.wait(yard.name, 60).status == Status.OUT_OF_MEMORY


def test_sigkill_from_outside_is_death_and_not_memory(yard: Yard, engine: docker.APIClient) -> None:
    yard.start("import time\ntime.sleep(60)")
    engine.kill(yard.container, "SIGKILL")
    assert yard.executor.wait(yard.name, 60).status == Status.DIED


def test_a_removed_container_is_absent(yard: Yard, engine: docker.APIClient) -> None:
    yard.start("import time\ntime.sleep(60)")
    assert yard.executor.state(yard.name).status == Status.RUNNING
    engine.remove_container(yard.container, force=True)
    assert yard.executor.state(yard.name).status == Status.ABSENT
    assert yard.executor.wait(yard.name, 1).status == Status.ABSENT
    assert list(yard.executor.logs(yard.name)) == []
    yard.executor.stop(yard.name, 1)
    yard.executor.remove(yard.name)


def test_starting_twice_starts_once(yard: Yard) -> None:
    for _ in range(2):
        yard.start("open('/trial/count', 'a').write('x')")
    yard.executor.wait(yard.name, 60)
    yard.start("open('/trial/count', 'a').write('x')")
    assert yard.executor.wait(yard.name, 60).status == Status.EXITED
    assert (yard.trial / "count").read_text() == "x"


def test_a_start_that_was_killed_half_way_can_be_repeated(yard: Yard, engine: docker.APIClient) -> None:
    engine.create_container(yard.image, name=yard.container, entrypoint=["true"])
    assert yard.executor.state(yard.name).status == Status.ABSENT
    yard.start("pass")
    assert yard.executor.wait(yard.name, 60).exit_code == 0


def test_stop_lets_a_training_end_by_itself_first(yard: Yard) -> None:
    yard.start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    next(yard.executor.logs(yard.name))
    yard.executor.stop(yard.name, 30)
    assert yard.executor.state(yard.name).exit_code == 4


def test_wait_ends_with_its_timeout_and_then_with_the_training(yard: Yard) -> None:
    yard.start(
        "import os, time\nwhile not os.path.exists('/trial/go'): time.sleep(0.05)\nraise SystemExit(3)"
    )
    assert yard.executor.wait(yard.name, 0.2).status == Status.RUNNING
    (yard.trial / "go").touch()
    assert yard.executor.wait(yard.name, 60).exit_code == 3


def test_logs_follow_until_the_end(yard: Yard) -> None:
    yard.start("import time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.2)")
    assert b"".join(yard.executor.logs(yard.name)) == b"0\n1\n2\n"
    assert b"".join(yard.executor.logs(yard.name, follow=False)) == b"0\n1\n2\n"


def test_run_ends_what_takes_too_long_and_leaves_nothing(yard: Yard, engine: docker.APIClient) -> None:
    code, _ = yard.executor.run(yard.training("import time\ntime.sleep(60)"), ["train"], 1)
    assert code == TIMED_OUT
    assert engine.containers(all=True, filters={"name": yard.container}) == []


def test_run_says_when_memory_ended_it(yard: Yard) -> None:
    code, output = yard.run("x = bytearray(512 * 2**20)")
    assert (code, "more memory than its limit" in output) == (137, True)


def test_labels_find_it(yard: Yard, engine: docker.APIClient) -> None:
    yard.start("pass", labels={"trainyard.run": yard.name})
    found = engine.containers(all=True, filters={"label": f"trainyard.run={yard.name}"})
    assert [container["Names"] for container in found] == [[f"/{yard.container}"]]
