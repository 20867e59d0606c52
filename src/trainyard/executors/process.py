"""Trainings as plain processes of this machine, for machines without an engine. Isolates nothing."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from trainyard.boots import boot
from trainyard.executors import datasets, handover, records
from trainyard.executors.base import State, Status, Training
from trainyard.executors.endings import TIMED_OUT, by_code
from trainyard.executors.environment import (
    ca_environment,
    host_ca,
    network_environment,
    training_environment,
)
from trainyard.executors.names import safe_name

_POLL_SECONDS = 0.02
_LOOK_SECONDS = 0.1
"""Between two looks at what a training has printed."""


class ProcessExecutor:
    """Runs trainings under a supervisor each, in virtual environments made from the images' pins.

    The code runs as the user who runs Trainyard and may do whatever that user may: the source is not
    read-only, the network is not cut, only memory is watched.

    Args:
        home: the state home; trainings live in `processes/`, environments in `venvs/`.
    """

    name = "process"

    def __init__(self, home: Path) -> None:
        self._home = home

    def prepare(
        self, image: str, requirements: Path | None, say: Callable[[str], None], log: Path | None = None
    ) -> str:
        """See `Executor.prepare`. The full log goes to `log`, else below the state home."""
        from trainyard.images.venvs import prepare, reference_to

        say("warning: the process executor isolates nothing: only run code that you trust.")
        return reference_to(prepare(image, requirements, home=self._home, say=say, log=log))

    def start(self, training: Training, command: list[str] | None = None) -> None:
        self._start(training, command or ["trainyard_harness"], warm=command is None)

    def state(self, name: str) -> State:
        folder = self._folder(name)
        if records.is_locked(folder / records.ALIVE):
            return State(Status.RUNNING)
        # the exit record is written before the lock goes, so this order cannot miss it
        if (ending := records.read(folder / records.EXIT)) is not None:
            return _judge(ending)
        if records.read(folder / records.PROCESS) is None:
            return State(Status.ABSENT)
        _end_leftovers(folder)
        return State(Status.DIED, detail="Its supervisor was killed, or the machine went down.")

    def wait(self, name: str, timeout: float | None) -> State:
        folder = self._folder(name)
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        datasets.keep_open(self._home, name)
        while True:
            state = self.state(name)
            left = deadline - time.monotonic()
            if state.status != Status.RUNNING or left <= 0:
                return state
            _await_exit(folder, min(left, 3600.0))

    def stop(self, name: str, grace: float) -> None:
        folder = self._folder(name)
        while records.is_locked(folder / records.ALIVE) and not (folder / records.CHILD).exists():
            time.sleep(_POLL_SECONDS)  # its supervisor is only starting
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
            if not records.is_locked(folder / records.ALIVE):
                break
            _signal_child(folder, number)
            self.wait(name, seconds)

    def remove(self, name: str) -> None:
        self.stop(name, 0)
        shutil.rmtree(self._folder(name), ignore_errors=True)
        datasets.close_door(self._home, name)

    def logs(self, name: str, *, follow: bool = True) -> Iterator[bytes]:
        folder = self._folder(name)
        path = folder / records.OUTPUT
        while not path.exists():
            if not (follow and records.is_locked(folder / records.ALIVE)):
                return
            time.sleep(_POLL_SECONDS)
        with path.open("rb") as file:
            while True:
                running = records.is_locked(folder / records.ALIVE)
                while data := file.read(65536):
                    yield data
                if not (running and follow):
                    return
                _await_exit(folder, _LOOK_SECONDS)

    def run(self, training: Training, command: list[str], timeout: float) -> tuple[int, bytes]:
        """See `Executor.run`; the exit code is TIMED_OUT where `timeout` ended it."""
        self.remove(training.name)
        try:
            self._start(training, command, warm=False)
            state = self.wait(training.name, timeout)
            self.stop(training.name, 0)
            output = b"".join(self.logs(training.name))
        finally:
            self.remove(training.name)
        if state.status == Status.RUNNING:
            return TIMED_OUT, output
        if state.status == Status.OUT_OF_MEMORY:
            output += f"\n{state.detail}\n".encode()
        return state.exit_code if state.exit_code is not None else 1, output

    def _start(self, training: Training, command: list[str], *, warm: bool) -> None:
        folder = self._folder(training.name)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / records.ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not records.lock(lock):
                return
            if (folder / records.EXIT).exists() or (folder / records.PROCESS).exists():
                return
            request = self._request(training, command, folder, warm=warm)
            records.write(folder / records.REQUEST, request)
            if request["warm"] and handover.given(folder, request, lock):
                return
            # the lock goes to the supervisor with its descriptor: there is no moment in which nobody holds it
            subprocess.Popen(
                # -P: a folder called `trainyard` where the command was typed must not be what is run
                [sys.executable, "-P", "-m", "trainyard.executors.supervise", str(folder), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(lock,),
                start_new_session=True,
            )
        finally:
            os.close(lock)

    def _request(
        self, training: Training, command: list[str], folder: Path, *, warm: bool
    ) -> dict[str, object]:
        from trainyard.images.venvs import environment_of

        venv, harness = environment_of(training.image, self._home)
        scratch = folder / "tmp"
        scratch.mkdir(exist_ok=True)
        environment = training_environment(training.limits) | training.env
        environment |= {
            "PATH": f"{venv / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": str(venv / "lib"),
            "PYTHONPATH": str(harness),
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "TRAINYARD_SOURCE": str(training.source.resolve()),
        }
        if training.trial is not None:
            environment["TRAINYARD_TRIAL"] = str(training.trial.resolve())
        if training.parent is not None:
            environment["TRAINYARD_PARENT"] = str(training.parent.resolve())
        python = str(venv / "bin" / "python")
        started = [python, "-m", *command]
        if training.limits.network == "full":
            environment |= network_environment(host_ca() or "")
        elif training.limits.network == "datasets":
            cache = datasets.cache_of(self._home, training.limits, (os.getuid(), os.getgid()))
            environment |= ca_environment(host_ca() or "") | datasets.environment(str(cache.resolve()))
            door = datasets.open_door(self._home, training)
            started = [python, str(datasets.RELAY), str(door.resolve()), *started]
            warm = False  # what is forked has no relay before it
        return {
            "command": started,
            "env": environment,
            "cwd": str(scratch),
            "memory": training.limits.memory,
            "warm": warm and _gains_by_warmth(venv, harness),
        }

    def _folder(self, name: str) -> Path:
        return self._home / "processes" / safe_name(name)


def _gains_by_warmth(venv: Path, harness: Path) -> bool:
    """Whether a warm process is worth its own start: a framework is slow to import, and the harness can."""
    packages = venv.glob("lib/python3*/site-packages")
    slow = any((folder / name).is_dir() for folder in packages for name in ("tensorflow", "torch"))
    return slow and (harness / "trainyard_harness" / "warm.py").exists()


def _judge(ending: dict[str, object]) -> State:
    code, detail = int(str(ending["exit_code"])), str(ending["detail"])
    if ending["status"] == "out-of-memory":
        return State(Status.OUT_OF_MEMORY, code, detail)
    if detail:
        return State(Status.EXITED, code, detail)
    return by_code(code)


def _await_exit(folder: Path, seconds: float) -> None:
    """Returns when the training ends, after `seconds`, or soon where it is only starting or all but over."""
    child = records.read(folder / records.CHILD)
    try:
        descriptor = os.pidfd_open(child["pid"]) if child is not None else None
    except ProcessLookupError:
        descriptor = None
    if descriptor is None:
        time.sleep(min(seconds, _POLL_SECONDS))
        return
    try:
        # opened first, checked then: the same start means that the id is not someone else's by now
        over = child is None or records.start_time(child["pid"]) != child["started"]
        if over or select.select([descriptor], [], [], seconds)[0]:
            time.sleep(min(seconds, _POLL_SECONDS))  # its supervisor is writing down how it ended
    finally:
        os.close(descriptor)


def _signal_child(folder: Path, number: int) -> None:
    child = records.read(folder / records.CHILD)
    if child is not None and records.start_time(child["pid"]) == child["started"]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child["pid"], number)


def _end_leftovers(folder: Path) -> None:
    """Ends what a killed supervisor left of its training's session, before anyone starts it again."""
    child = records.read(folder / records.CHILD)
    if child is None or child["boot"] != boot():
        return
    if records.start_time(child["pid"]) not in (None, child["started"]):
        return  # the id is someone else's by now, which it can't become before the old session is empty
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            session = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[3])
            if session == child["pid"]:
                os.kill(int(entry.name), signal.SIGKILL)
