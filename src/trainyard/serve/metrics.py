"""What Prometheus is told of the served models."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from trainyard.serve.view import ModelView

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)


class Metrics:
    """Everything that is counted, in a registry of its own.

    Args:
        models: what is served now.
    """

    def __init__(self, models: Callable[[], list[ModelView]]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "trainyard_serve_requests",
            "Predictions asked for, by the HTTP status of the answer.",
            ["repo", "code"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "trainyard_serve_seconds",
            "From a request's last byte to its answer, where there is one.",
            ["repo"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Models(models))
        ProcessCollector(namespace="trainyard_serve", registry=self.registry)

    def page(self) -> bytes:
        return generate_latest(self.registry)


class _Models(Collector):
    def __init__(self, models: Callable[[], list[ModelView]]) -> None:
        self._models = models

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        models = self._models()
        restarts = CounterMetricFamily(
            "trainyard_serve_restarts", "Loaded models that died.", labels=["repo"]
        )
        for model in models:
            restarts.add_metric([model.repo], model.restarts)
        yield restarts
        states = Tally(model.state for model in models)
        by_state = GaugeMetricFamily("trainyard_serve_models", "Models by state.", labels=["state"])
        for state in ("serving", "loading", "waiting", "given up"):
            by_state.add_metric([state], states[state])
        yield by_state
