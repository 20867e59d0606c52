"""What Prometheus is told. The names are a contract: roles/trainyard/files/grafana.json uses them."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from trainyard.exits import TrainyardError
from trainyard.home import Home
from trainyard.runs import store
from trainyard.runs.facts import STAGES, STATES, UNREADABLE, Facts, facts_of
from trainyard.runs.store import Run

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 60.0, 300.0)
_FRESH_SECONDS = 5.0
"""Run directories are not read more often than that, whoever asks."""


class Metrics:
    """Everything that is counted, in a registry of its own."""

    def __init__(
        self, home: Home, waiting: Callable[[], int], remotes: Callable[[], tuple[int, int]]
    ) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.latency = Histogram(
            "trainyard_push_to_trigger_seconds",
            "From a push to the trigger of its job1; by polling, from the last look that did not see it.",
            ["source"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.polls = Counter("trainyard_polls", "Looks at remotes.", ["result"], registry=registry)
        self.triggers = Counter("trainyard_triggers", "Jobs started.", ["job", "result"], registry=registry)
        self.webhooks = Counter("trainyard_webhooks", "Webhooks received.", ["result"], registry=registry)
        self.deaths = Counter("trainyard_container_deaths", "Trainings that died.", registry=registry)
        queue = Gauge("trainyard_pushes_waiting", "Pushes whose job1 has not ended.", registry=registry)
        queue.set_function(waiting)
        watched = Gauge("trainyard_remotes", "Watched remotes.", registry=registry)
        watched.set_function(lambda: remotes()[0])
        failing = Gauge("trainyard_remotes_failing", "Remotes whose last look failed.", registry=registry)
        failing.set_function(lambda: remotes()[1])
        registry.register(_Runs(home))
        ProcessCollector(namespace="trainyard_watch", registry=registry)

    def page(self) -> bytes:
        return generate_latest(self.registry)


class _Runs(Collector):
    """Reads run directories when asked; a run that is over is read once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._over: dict[Path, tuple[int, Facts]] = {}
        self._last: tuple[float, list[GaugeMetricFamily]] = (0.0, [])

    def collect(self) -> Iterable[GaugeMetricFamily]:
        if time.monotonic() - self._last[0] > _FRESH_SECONDS or not self._last[1]:
            self._last = (time.monotonic(), self._read())
        return self._last[1]

    def _read(self) -> list[GaugeMetricFamily]:
        states = Tally(dict.fromkeys(STATES, 0))
        trials = restarts = resumed = 0
        known, self._over = self._over, {}
        for run in store.all_runs(self._home):
            facts = self._facts(run, known)
            states[facts.state] += 1
            trials, restarts, resumed = (
                trials + facts.trials,
                restarts + facts.restarts,
                resumed + facts.resumed,
            )
        by_state = GaugeMetricFamily(
            "trainyard_runs", "Kept runs, by stage or, where they are over, by outcome.", labels=["state"]
        )
        for state, count in sorted(states.items()):
            by_state.add_metric([state], count)
        return [
            by_state,
            GaugeMetricFamily("trainyard_trials", "Trials of the kept runs.", value=trials),
            GaugeMetricFamily("trainyard_restarts", "Trainings started again after a death.", value=restarts),
            GaugeMetricFamily(
                "trainyard_resumed_epochs", "Epochs that restarts did not train again.", value=resumed
            ),
        ]

    def _facts(self, run: Run, known: dict[Path, tuple[int, Facts]]) -> Facts:
        try:
            changed = (run.path / "run.json").stat().st_mtime_ns
        except OSError:
            return Facts(UNREADABLE)
        if (kept := known.get(run.path)) and kept[0] == changed:
            self._over[run.path] = kept
            return kept[1]
        try:
            facts = facts_of(run, run.load())
        except TrainyardError:
            return Facts(UNREADABLE)
        if facts.state not in STAGES:
            self._over[run.path] = (changed, facts)
        return facts
