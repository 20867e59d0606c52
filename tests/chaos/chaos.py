"""Twenty runs on a machine where everything is killed again and again: `python -m tests.chaos.chaos`.

Some are pushed to a watcher, some are typed. Each must end with the verdict of an undisturbed one, with no
round trained again that a checkpoint held, nothing lost and nothing left. `--seed` replays the same kills at
the same intervals.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.chaos.codes import CODES, PAUSE, PUSHES, made, rounds_of
from tests.chaos.deaths import Deaths, Stretch, spread
from tests.chaos.engine import Engine
from tests.chaos.strikes import Strikes, kill_group
from tests.conftest import COMMAND, Yard
from tests.integration.test_kill import comparable
from tests.integration.watch_yard import git
from trainyard.executors.choose import choose
from trainyard.runs.state import TrialState
from trainyard.verbs.patience import pause

RUNS = 20
AT_ONCE = 2
SETTLE_SECONDS = 600
"""For what healing alone has to finish in the end, on a machine of one's own."""
RESTART_SECONDS = 2.0
"""Between a training's death and its next start, on a machine of one's own."""
PROGRESS_SECONDS = 60
TEND_SECONDS = 0.5
"""After which what was killed is back, as a service manager would have it."""
FAULTS = (
    "before-write:kill@{n}",
    "during-write:kill@{n}",
    "after-write:kill@{n}",
    "during-write:full@{n}",
    "docker:kill@{n}",
    "docker:raise@{n}",
    "docker:delay=0.5@{n}",
    "git:kill@{n}",
    "notify:kill@{n}",
    "clock:jump={jump}",
)


@dataclass
class Chaos:
    """One go of it."""

    yard: Yard
    engine: Engine
    codes: Path
    seed: int
    started: dict[str, str] = field(default_factory=dict)
    """The code of each run by its repo's name."""
    chains: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    monitor: subprocess.Popen[bytes] | None = None
    watcher: subprocess.Popen[bytes] | None = None
    pushes: int = 0
    calls: collections.Counter[str] = field(default_factory=collections.Counter)
    done: collections.Counter[str] = field(default_factory=collections.Counter)
    restarts: list[float] = field(default_factory=list)
    """Seconds from a death to the next start, where a container was struck that job3 followed."""
    others: list[float] = field(default_factory=list)
    """The same of all other deaths: nobody followed, or the engine died too."""
    stretch: Stretch = field(default_factory=Stretch)

    def __post_init__(self) -> None:
        self.strikes = Strikes(self.engine, self.yard.home, self.seed)
        self.deaths = Deaths(self.engine)

    def go(self, seconds: float) -> None:
        """Starts runs, kills, and heals for so long; then heals alone until all is over."""
        numbers = itertools.count()
        began = said = time.monotonic()
        while time.monotonic() - began < seconds or self.done["runs checked"] + len(self.started) < RUNS:
            # on a slow machine the strikes come slower too, or nothing would ever get anywhere
            strike = time.monotonic() + self.strikes.pause() * self.stretch.factor
            while time.monotonic() < strike:
                self._tend(numbers if len(self.started) < RUNS else None, faulty=True)
                time.sleep(TEND_SECONDS)
            self.strikes.strike(self._processes())
            self.stretch.look()
            if len(self.started) >= RUNS and not self._unfinished():
                self.check_and_forget()
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                self._say_progress(f"{said - began:.0f} of {seconds:g} s")
        began = said = time.monotonic()
        while self._unfinished() or self.chains:
            if time.monotonic() - began > SETTLE_SECONDS * self.stretch.factor:
                raise AssertionError(f"not finished by healing alone: {', '.join(self._unfinished())}")
            self._tend(None, faulty=False)
            time.sleep(TEND_SECONDS)
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                self._say_progress(f"healing alone for {said - began:.0f} s")
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
            self.started[name] = self._random(name).choice(sorted(CODES))
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
            self.started[name] = self._random(name).choice(sorted(CODES))
            git("push", "--quiet", self.codes / name, "HEAD:main", cwd=self.codes / self.started[name])

    def _command(self, arguments: list[str], *, faulty: bool) -> subprocess.Popen[bytes]:
        more = {}
        called = " ".join(arguments)
        self.calls[called] += 1
        chance = self._random(f"{arguments[0]} {arguments[-1]} {self.calls[called]}")
        if faulty and chance.random() < 0.5:
            fault = chance.choice(FAULTS)
            jump = chance.choice((-86400, 86400, 3))
            more["TRAINYARD_FAULT"] = fault.format(n=chance.randint(1, 6), jump=jump)
            self.done[fault.partition("@")[0].partition("=")[0]] += 1
        with (self.yard.home / "commands.log").open("ab") as log:
            log.write(f"$ {called} {more}\n".encode())
            log.flush()
            return subprocess.Popen(
                [str(COMMAND), *arguments],
                env=self.yard.environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _say_progress(self, when: str) -> None:
        runs = f"{self.done['runs checked']} runs checked, {len(self.started)} more begun"
        print(
            f"chaos: {when}: {runs}, {self.strikes.done.total()} strikes, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )

    def end(self) -> None:
        """Kills what is under way."""
        for process in self._processes().values():
            kill_group(process)

    def _processes(self) -> dict[str, subprocess.Popen[bytes]]:
        both = {"monitor": self.monitor, "watcher": self.watcher}
        return self.chains | {name: process for name, process in both.items() if process is not None}

    def _random(self, what: str) -> random.Random:
        """The choices about one thing, which no other's timing can change."""
        return random.Random(f"{self.seed} {what}")

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
            lost = [path for path in (verdict["model"], verdict["report"]) if not Path(path).exists()]
            assert not lost, f"{name}: {lost} is gone"
            champion = json.loads((self.yard.home / "champions" / f"{name}.json").read_text())
            assert champion["run"] == verdict["run"], f"{name}: serves {champion['run']}"
            self._check_trials(folders[0], calm)
        self.done["runs checked"] += len(self.started)
        self.started.clear()

    def _check_trials(self, folder: Path, calm: Path) -> None:
        for trial in json.loads((folder / "run.json").read_text())["trials"]:
            attempts = msgspec.convert(trial, TrialState).attempts
            ended = [attempt.status for attempt in attempts[:-1]]
            assert set(ended) <= {"died"}, f"{folder}: started again after it was over: {ended}"
            self.done["restarts"] += len(ended)
            for number, (one, following) in enumerate(itertools.pairwise(attempts), 1):
                took = self.deaths.seconds(one.name, following.name)
                if took is not None and pause(attempts[:number], PAUSE) == 0:
                    (self.restarts if one.name in self.strikes.followed else self.others).append(took)
        for undisturbed in sorted((calm / "trials").iterdir()):
            rounds = rounds_of(folder / "trials" / undisturbed.name)
            assert rounds.last == rounds_of(undisturbed).last, f"{folder}: trained {rounds.last + 1} rounds"
            self.done["rounds"] += rounds.trained
            self.done["rounds trained again"] += sum(rounds.repeats)
            self.done["longest repeat"] = max([self.done["longest repeat"], *rounds.repeats])

    def check_restarts(self) -> None:
        """Half of the trainings that die while job3 follows them are back in time."""
        print(
            f"chaos: death to restart, followed by job3: {spread(self.restarts)}; else: {spread(self.others)}"
        )
        limit = RESTART_SECONDS * self.stretch.factor
        late = statistics.median(self.restarts) > limit if self.restarts else False
        assert not late, f"restarts take longer than {limit:.1f} s: {RESTART_SECONDS} s here and now"

    def check_nothing_left(self) -> None:
        with self.engine.client() as api:
            left = [one["Names"] for one in api.containers(all=True)]
        assert left == [], f"containers are left: {left}"
        home = str(self.yard.home)
        for process in psutil.process_iter(["cmdline", "environ"]):
            environment = process.info["environ"] or {}
            assert environment.get("TRAINYARD_HOME") != home, f"a process is left: {process.info['cmdline']}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):  # its engine and all below it must not outlive it
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    print(f"chaos: {given.seconds:g} s, --seed {given.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="trainyard-chaos-"))
    engine, yard, chaos = Engine(folder / "engine"), made(folder), None
    try:
        images = [choose("docker", folder).prepare(name, None, print) for name in ("sklearn", "boosting")]
        engine.start()
        for image in images:
            engine.load(image)
        os.environ["DOCKER_HOST"] = engine.host
        chaos = Chaos(yard, engine, folder / "codes", given.seed)
        _undisturbed(chaos)
        chaos.go(given.seconds)
        chaos.check_and_forget()
        chaos.check_nothing_left()
        chaos.check_restarts()
        print(f"chaos: passed, {chaos.stretch.factor:.1f} times as slow as a machine of its own")
        print(
            "chaos:",
            ", ".join(f"{what} {n}" for what, n in sorted((chaos.done + chaos.strikes.done).items())),
        )
    except BaseException as error:
        kept = Path(f"build/chaos-{given.seed}")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder / "home", kept, symlinks=True, ignore_dangling_symlinks=True)
        log = kept / "commands.log"
        struck = [line for line in log.read_text().splitlines() if line[:1] == "!"] if log.exists() else []
        print("chaos: the last strikes:", *struck[-8:], sep="\n  ")
        print(f"chaos: FAILED: {error or type(error).__name__}")
        print(f"chaos: {kept} has its state home; commands.log in it every command and strike.")
        again = f"--seconds {given.seconds:g} --seed {given.seed}"
        print(f'chaos: again with the same choices: make chaos CHAOS="{again}"', flush=True)
        raise
    finally:
        if chaos is not None:
            chaos.end()
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _undisturbed(chaos: Chaos) -> None:
    for name in CODES:
        answer = chaos.yard("run", chaos.codes / name, "--name", f"calm-{name}", "--json")
        assert answer.json["outcome"] != "failed", answer.out + answer.err
        print(f"chaos: undisturbed, {name}: {answer.json['reason']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
