"""Twenty runs on a machine where everything is killed again and again: `python -m tests.chaos.chaos`.

Every run must end with the verdict of an undisturbed one, with nothing trained twice beyond a checkpoint's
interval, nothing lost and nothing left. `--seed` replays the same kills at the same intervals.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import psutil

from tests.chaos.engine import Engine
from tests.conftest import COMMAND, Yard
from tests.integration.test_kill import WEAK_TREE, comparable
from trainyard.executors.choose import choose

RUNS = 20
AT_ONCE = 2
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

ROUNDS = 40
BOOSTED = f"""
import time
import numpy as np
import xgboost as xgb
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=SEED)
class Slow(xgb.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        print("round", epoch, flush=True)
        time.sleep(0.15)
        return False
model = xgb.train(
    dict(objective="multi:softmax", num_class=10, max_depth=2, eta=0.3, seed=SEED),
    xgb.DMatrix(X_train, y_train), num_boost_round={ROUNDS}, callbacks=[Slow()],
)
print(accuracy_score(y_test, model.predict(xgb.DMatrix(X_test))))
"""
CODES = {
    "tree": WEAK_TREE,
    "boosted-1": BOOSTED.replace("SEED", "1"),
    "boosted-2": BOOSTED.replace("SEED", "2"),
}
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
    done: collections.Counter[str] = field(default_factory=collections.Counter)

    def go(self, seconds: float) -> None:
        """Starts runs, kills, and heals for so long; then heals alone until all is over."""
        numbers = itertools.count()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._tend(numbers if len(self.started) < RUNS else None, faulty=True)
            time.sleep(self.random.uniform(0.5, 4.0))
            self._strike()
            if len(self.started) == RUNS and not self._unfinished():
                self.check_and_forget()
                numbers = itertools.count(next(numbers))
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._unfinished() or self.chains:
            if time.monotonic() > deadline:
                raise AssertionError(f"not finished: {self._unfinished()}")
            self._tend(None, faulty=False)
            time.sleep(1)
        if self.monitor is not None:
            self.monitor.wait()

    def _tend(self, numbers: Any, *, faulty: bool) -> None:
        for name, chain in list(self.chains.items()):
            if chain.poll() is not None:
                del self.chains[name]
                if name in self._unfinished() and not self._state(name):
                    self._start(name, faulty=faulty)  # killed before there was a run: as a hook would again
        if numbers is not None and len(self.chains) < AT_ONCE:
            name = f"run-{next(numbers):02d}"
            self.started[name] = self.random.choice(sorted(CODES))
            self._start(name, faulty=faulty)
        if self.monitor is None or self.monitor.poll() is not None:
            self.monitor = self._command(["monitor"], faulty=faulty)

    def _start(self, name: str, *, faulty: bool) -> None:
        code = self.codes / self.started[name]
        self.chains[name] = self._command(["run", str(code), "--name", name], faulty=faulty)

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
        what = self.random.choice(("container", "container", "engine", "chain", "verb", "monitor", "nothing"))
        victims = [*self.chains.values(), *([self.monitor] if self.monitor else [])]
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
        elif what == "verb" and victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(self.random.choice(victims).pid).children(recursive=True)
                if children:
                    self.random.choice(children).kill()
        self.done[what] += 1

    def _folders(self, name: str) -> list[Path]:
        return [path.parent for path in (self.yard.home / "runs" / name).glob("*/run.json")]

    def _verdict(self, name: str) -> Any:
        return json.loads((self._folders(name)[0] / "verdict.json").read_text())

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
            verdict, calm = self._verdict(name), self._verdict(f"calm-{code}")
            said = f"{name}: {verdict['reason']} Undisturbed: {calm['reason']}"
            assert comparable(verdict) == comparable(calm), said
            self._check_rounds(name, folders[0], code)
        self.done["runs checked"] += len(self.started)
        self.started.clear()

    def _check_rounds(self, name: str, folder: Path, code: str) -> None:
        """What was trained again after a death is at most what came since the last checkpoint."""
        if not code.startswith("boosted"):
            return
        for trial in sorted((folder / "trials").iterdir()):
            text = (trial / "log.txt").read_text()
            attempts = [
                [int(n) for n in re.findall(r"^round (\d+)$", part, re.MULTILINE)]
                for part in text.split("--- trainyard-")
            ]
            seen = -1
            for rounds in filter(None, attempts):
                assert rounds == list(range(rounds[0], rounds[-1] + 1)), f"{name}: rounds {rounds}"
                assert rounds[0] <= seen + 1, f"{name}: rounds {seen + 1} to {rounds[0]} were lost"
                self.done["rounds"] += len(rounds)
                self.done["rounds trained again"] += max(0, seen + 1 - rounds[0])
                self.done["longest repeat"] = max(self.done["longest repeat"], seen + 1 - rounds[0])
                seen = max(seen, rounds[-1])
            assert seen in (-1, ROUNDS - 1) or len(rounds) > 0

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
    print(f"chaos: {given.seconds:g} s, --seed {given.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="trainyard-chaos-"))
    engine, yard = Engine(folder / "engine"), _yard(folder)
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
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _yard(folder: Path) -> Yard:
    home = folder / "home"
    home.mkdir()
    (home / "config.toml").write_text(CONFIG)
    for name, code in CODES.items():
        repository = folder / "codes" / name
        repository.mkdir(parents=True)
        (repository / "train.py").write_text(code)
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            who = ["-c", "user.name=a", "-c", "user.email=a@b"]
            subprocess.run(["git", "-C", str(repository), *who, *arguments], check=True)
    return Yard(home, "docker")


def _undisturbed(chaos: Chaos) -> None:
    for name in CODES:
        answer = chaos.yard("run", chaos.codes / name, "--name", f"calm-{name}", "--json")
        assert answer.json["outcome"] != "failed", answer.out + answer.err
        print(f"chaos: undisturbed, {name}: {answer.json['reason']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
