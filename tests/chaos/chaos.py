"""Twenty runs on a machine where everything is killed again and again: `python -m tests.chaos.chaos`.

Some are pushed to a watcher, some are typed. Each must end with the verdict of an undisturbed one, with no
round trained again that a checkpoint held, nothing lost and nothing left. `--seed` replays the same kills at
the same intervals.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import psutil

from tests.chaos.codes import CODES, rounds_of
from tests.chaos.engine import Engine
from tests.conftest import COMMAND, Yard
from tests.integration.test_kill import comparable
from tests.integration.watch_yard import git
from trainyard.executors.choose import choose

RUNS = 20
AT_ONCE = 2
PUSHES = 60
"""Repositories that the watcher is told of, one a push."""
SETTLE_SECONDS = 600
CONFIG = """
[limits]
memory = "1g"
cpus = 1.0
[policy]
max_minutes = 60
[healing]
deaths = 1000
pause = 0.2
[patch]
enabled = false
"""

FAULTS = (
    "before-write:kill@{n}",
    "during-write:kill@{n}",
    "after-write:kill@{n}",
    "during-write:full@{n}",
    "docker:kill@{n}",
    "docker:raise@{n}",
    "docker:delay=0.5@{n}",
    "git:kill@{n}",
    "clock:jump={jump}",
)


@dataclass
class Chaos:
    """One go of it."""

    yard: Yard
    engine: Engine
    codes: Path
    random: random.Random
    started: dict[str, str] = field(default_factory=dict)
    """The code of each run by its repo's name."""
    chains: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    monitor: subprocess.Popen[bytes] | None = None
    watcher: subprocess.Popen[bytes] | None = None
    pushes: int = 0
    done: collections.Counter[str] = field(default_factory=collections.Counter)

    def go(self, seconds: float) -> None:
        """Starts runs, kills, and heals for so long; then heals alone until all is over."""
        numbers = itertools.count()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline or self.done["runs checked"] + len(self.started) < RUNS:
            self._tend(numbers if len(self.started) < RUNS else None, faulty=True)
            time.sleep(self.random.uniform(0.5, 4.0))
            self._strike()
            if len(self.started) >= RUNS and not self._unfinished():
                self.check_and_forget()
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._unfinished() or self.chains:
            if time.monotonic() > deadline:
                raise AssertionError(f"not finished: {self._unfinished()}")
            self._tend(None, faulty=False)
            time.sleep(1)
        assert self.monitor and self.watcher
        self.monitor.wait()
        self.watcher.terminate()
        assert self.watcher.wait() == 0, "the watcher does not end in good order"

    def _tend(self, numbers: Iterator[int] | None, *, faulty: bool) -> None:
        for name, chain in list(self.chains.items()):
            if chain.poll() is not None:
                del self.chains[name]
                if name in self._unfinished() and not self._state(name):
                    self._type(name, faulty=faulty)  # killed before there was a run: as a person would again
        if numbers is not None and len(self.chains) < AT_ONCE:
            name = f"typed-{next(numbers):03d}"
            self.started[name] = self.random.choice(sorted(CODES))
            self._type(name, faulty=faulty)
        if numbers is not None and not any(name.startswith("pushed") for name in self._unfinished()):
            self._push()
        if self.monitor is None or self.monitor.poll() is not None:
            self.monitor = self._command(["monitor"], faulty=faulty)
        if self.watcher is None or self.watcher.poll() is not None:
            config = str(self.yard.home / "watch.toml")
            self.watcher = self._command(["watch", "--local", "--config", config], faulty=False)

    def _type(self, name: str, *, faulty: bool) -> None:
        code = self.codes / self.started[name]
        self.chains[name] = self._command(["run", str(code), "--name", name], faulty=faulty)

    def _push(self) -> None:
        if self.pushes < PUSHES:
            name = f"pushed-{self.pushes:03d}"
            self.pushes += 1
            self.started[name] = self.random.choice(sorted(CODES))
            git("push", "--quiet", self.codes / name, "HEAD:main", cwd=self.codes / self.started[name])

    def _command(self, arguments: list[str], *, faulty: bool) -> subprocess.Popen[bytes]:
        more = {}
        if faulty and self.random.random() < 0.5:
            fault = self.random.choice(FAULTS)
            jump = self.random.choice((-86400, 86400, 3))
            more["TRAINYARD_FAULT"] = fault.format(n=self.random.randint(1, 6), jump=jump)
            self.done[fault.partition("@")[0].partition("=")[0]] += 1
        with (self.yard.home / "commands.log").open("ab") as log:
            log.write(f"$ {' '.join(arguments)} {more}\n".encode())
            log.flush()
            return subprocess.Popen(
                [str(COMMAND), *arguments],
                env=self.yard.environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _strike(self) -> None:
        what = self.random.choice(
            ("container", "container", "engine", "chain", "verb", "monitor", "watcher", "nothing")
        )
        victims = [*self.chains.values(), *filter(None, (self.monitor, self.watcher))]
        if what == "engine":
            self.engine.kill()
            time.sleep(self.random.uniform(0, 2))
            self.engine.start()
        elif what == "container":
            with self.engine.client() as api, contextlib.suppress(docker.errors.APIError):
                if running := sorted(one["Id"] for one in api.containers()):
                    api.kill(self.random.choice(running), "SIGKILL")
        elif what == "chain" and self.chains:
            _kill_group(self.random.choice(list(self.chains.values())))
        elif what == "monitor" and self.monitor:
            _kill_group(self.monitor)
        elif what == "watcher" and self.watcher:
            _kill_group(self.watcher)
        elif what == "verb" and victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(self.random.choice(victims).pid).children(recursive=True)
                if children:
                    self.random.choice(children).kill()
        self.done[what] += 1

    def end(self) -> None:
        """Kills what is under way."""
        for process in (*self.chains.values(), *filter(None, (self.monitor, self.watcher))):
            _kill_group(process)

    def _folders(self, name: str) -> list[Path]:
        return [path.parent for path in (self.yard.home / "runs" / name).glob("*/run.json")]

    def _state(self, name: str) -> Any:
        folders = self._folders(name)
        return json.loads((folders[0] / "run.json").read_text()) if folders else None

    def _unfinished(self) -> list[str]:
        states = {name: self._state(name) for name in self.started}
        return [name for name, state in states.items() if not state or state["stage"] != "finished"]

    def check_and_forget(self) -> None:
        """Compares every run with an undisturbed one of the same code."""
        for name, code in self.started.items():
            folders = self._folders(name)
            assert len(folders) == 1, f"{name}: {len(folders)} runs of one push"
            calm = self._folders(f"calm-{code}")[0]
            verdict, wanted = (json.loads((one / "verdict.json").read_text()) for one in (folders[0], calm))
            said = f"{name}: {verdict['reason']} Undisturbed: {wanted['reason']}"
            assert comparable(verdict) == comparable(wanted), said
            self._check_trials(folders[0], calm)
        self.done["runs checked"] += len(self.started)
        self.started.clear()

    def _check_trials(self, folder: Path, calm: Path) -> None:
        for trial in json.loads((folder / "run.json").read_text())["trials"]:
            ended = [attempt["status"] for attempt in trial["attempts"][:-1]]
            assert set(ended) <= {"died"}, f"{folder}: started again after it was over: {ended}"
            self.done["restarts"] += len(ended)
        for undisturbed in sorted((calm / "trials").iterdir()):
            rounds = rounds_of(folder / "trials" / undisturbed.name)
            assert rounds.last == rounds_of(undisturbed).last, f"{folder}: trained {rounds.last + 1} rounds"
            self.done["rounds"] += rounds.trained
            self.done["rounds trained again"] += sum(rounds.repeats)
            self.done["longest repeat"] = max([self.done["longest repeat"], *rounds.repeats])

    def check_nothing_left(self) -> None:
        with self.engine.client() as api:
            left = [one["Names"] for one in api.containers(all=True)]
        assert left == [], f"containers are left: {left}"
        home = str(self.yard.home)
        for process in psutil.process_iter(["cmdline", "environ"]):
            environment = process.info["environ"] or {}
            assert environment.get("TRAINYARD_HOME") != home, f"a process is left: {process.info['cmdline']}"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):  # its engine and all below it must not outlive it
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    print(f"chaos: {given.seconds:g} s, --seed {given.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="trainyard-chaos-"))
    engine, yard, chaos = Engine(folder / "engine"), _yard(folder), None
    try:
        images = [choose("docker", folder).prepare(name, None, print) for name in ("sklearn", "boosting")]
        engine.start()
        for image in images:
            engine.load(image)
        os.environ["DOCKER_HOST"] = engine.host
        chaos = Chaos(yard, engine, folder / "codes", random.Random(given.seed))
        _undisturbed(chaos)
        chaos.go(given.seconds)
        chaos.check_and_forget()
        chaos.check_nothing_left()
        print("chaos:", ", ".join(f"{what} {n}" for what, n in sorted(chaos.done.items())))
    except BaseException:
        shutil.copytree(folder / "home", f"build/chaos-{given.seed}", dirs_exist_ok=True, symlinks=True)
        print(
            f"chaos: FAILED with --seed {given.seed}; its state home is build/chaos-{given.seed}", flush=True
        )
        raise
    finally:
        if chaos is not None:
            chaos.end()
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _yard(folder: Path) -> Yard:
    home = folder / "home"
    home.mkdir()
    (home / "config.toml").write_text(CONFIG)
    watched = ""
    for number in range(PUSHES):
        bare = folder / "codes" / f"pushed-{number:03d}"
        git("init", "--quiet", "--bare", "--initial-branch=main", bare)
        watched += f'[[repos]]\nname = "{bare.name}"\nurl = "{bare}"\n'
    (home / "watch.toml").write_text(watched)
    for name, code in CODES.items():
        repository = folder / "codes" / name
        repository.mkdir(parents=True)
        (repository / "train.py").write_text(code)
        git("init", "--quiet", cwd=repository)
        git("add", "--all", cwd=repository)
        git("commit", "--quiet", "--message", "x", cwd=repository)
    return Yard(home, "docker")


def _undisturbed(chaos: Chaos) -> None:
    for name in CODES:
        answer = chaos.yard("run", chaos.codes / name, "--name", f"calm-{name}", "--json")
        assert answer.json["outcome"] != "failed", answer.out + answer.err
        print(f"chaos: undisturbed, {name}: {answer.json['reason']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
