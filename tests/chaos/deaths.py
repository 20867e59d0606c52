"""How long dead trainings stay dead, by the engine's own clock, and how slow the machine is meanwhile."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Sequence

import docker
import requests

from tests.chaos.engine import Engine

_SPIN_SECONDS = 0.02


class Deaths:
    """Follows the engine's events across its restarts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._moments: dict[tuple[str, str], float] = {}
        threading.Thread(target=self._follow, daemon=True).start()

    def seconds(self, attempt: str, following: str) -> float | None:
        """Between the end of one attempt's container and the start of the next one's; None if not seen."""
        died, started = self._moments.get(("die", attempt)), self._moments.get(("start", following))
        return None if died is None or started is None else started - died

    def _follow(self) -> None:
        since = time.time()
        while True:
            gone = (docker.errors.DockerException, requests.RequestException, OSError, ValueError)
            with contextlib.suppress(*gone), self._engine.client() as api:
                filters = {"type": "container", "event": ["start", "die"]}
                for event in api.events(since=since, filters=filters, decode=True):
                    since = event["timeNano"] / 1e9
                    name = event["Actor"]["Attributes"].get("trainyard", "")
                    self._moments.setdefault((event["Action"], name), since)
            time.sleep(0.2)


class Stretch:
    """How much longer everything takes here than on a machine of its own."""

    def __init__(self) -> None:
        self._samples: list[float] = []

    def look(self) -> None:
        began, cpu = time.monotonic(), time.thread_time()
        while time.thread_time() - cpu < _SPIN_SECONDS:
            pass
        self._samples.append((time.monotonic() - began) / _SPIN_SECONDS)

    @property
    def factor(self) -> float:
        """At least 1."""
        return max(1.0, statistics.fmean(self._samples)) if self._samples else 1.0


def spread(seconds: Sequence[float]) -> str:
    """The distribution in words."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    tenth = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]
    middle = statistics.median(ordered)
    return f"{len(ordered)} of them: median {middle:.2f} s, p90 {tenth:.2f} s, longest {ordered[-1]:.2f} s"
