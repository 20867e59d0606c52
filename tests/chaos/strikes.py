"""What is killed, and when: the same for the same seed, whatever the machine's timing."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import psutil

from tests.chaos.engine import Engine

KINDS = ("container", "container", "engine", "chain", "verb", "monitor", "watcher", "nothing")
Process = subprocess.Popen[bytes]


class Strikes:
    """Strikes one thing after the other.

    Args:
        home: the state home whose containers are struck; `commands.log` in it says what was.
    """

    def __init__(self, engine: Engine, home: Path, seed: int) -> None:
        self._engine, self._home, self._random = engine, home, random.Random(f"{seed} strikes")
        self.done: collections.Counter[str] = collections.Counter()
        self.followed: set[str] = set()
        """Attempts that were killed while job3 followed them."""

    def pause(self) -> float:
        """Seconds until the next one, on a machine of one's own."""
        return self._random.uniform(0.5, 4.0)

    def strike(self, processes: Mapping[str, Process]) -> None:
        """Args: the commands under way, by what they are: `monitor`, `watcher`, or their run's name."""
        what = self._random.choice(KINDS)
        share, rest = self._random.random(), self._random.uniform(0, 2)
        victim = self._victim(what, share, processes)
        told = next((name for name, process in processes.items() if process is victim), _told(victim))
        with (self._home / "commands.log").open("a") as log:
            log.write(f"! {time.strftime('%H:%M:%S')} {what} {told}\n")
        if what == "engine":
            self._engine.kill()
            time.sleep(rest)
            self._engine.start()
        elif isinstance(victim, dict):
            self._kill_container(victim)
        elif isinstance(victim, psutil.Process):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        elif victim is not None:
            kill_group(victim)
        self.done[what] += 1

    def _victim(
        self, what: str, share: float, processes: Mapping[str, Process]
    ) -> dict[str, Any] | psutil.Process | Process | None:
        """What is struck, by its share of the way through all there are; None where there is none."""
        found: list[Any] = []
        if what == "container":
            with self._engine.client() as api:
                labelled = {"label": f"trainyard.home={self._home}"}
                found = sorted(api.containers(filters=labelled), key=lambda one: str(one["Names"]))
        elif what == "verb":
            for process in processes.values():
                with contextlib.suppress(psutil.NoSuchProcess):
                    found += psutil.Process(process.pid).children(recursive=True)
        elif what == "chain":
            found = [process for name, process in processes.items() if name not in ("monitor", "watcher")]
        elif what in processes:
            found = [processes[what]]
        return found[int(share * len(found))] if found else None

    def _kill_container(self, container: dict[str, Any]) -> None:
        labels = container["Labels"]
        with self._engine.client() as api, contextlib.suppress(docker.errors.APIError):
            if _follows(labels.get("trainyard.run", "")):
                self.followed.add(labels["trainyard"])
            api.kill(container["Id"], "SIGKILL")


def kill_group(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _follows(run: str) -> bool:
    """Whether job3 follows the run's training."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "evaluate" in words and run in words:
            return True
    return False


def _told(victim: object) -> str:
    """What was struck, for whoever reads the log."""
    if isinstance(victim, dict):
        return str(victim["Labels"].get("trainyard", victim["Names"]))
    if isinstance(victim, psutil.Process):
        with contextlib.suppress(psutil.NoSuchProcess):
            return " ".join(victim.cmdline()[-6:])
    return ""
