"""One trial as the tweaker sees it: spec, numbers, architecture, curves; any of them may be incomplete."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainyard.runs.files import Metric, Metrics, Spec


@dataclass(frozen=True)
class TrialRecord:
    """What is known of one trial.

    Attributes:
        spec: what the trial changed against trial 0.
        metrics: what the harness measured; None where the training gave nothing.
        architecture: architecture.json. It comes out of the sandbox, so no shape of it is relied on.
        curves: the rows of history.csv, in order, cells as text or numbers; what is no number is left out.
        selection: the number that trials are compared on; never one of the part that the gate reads.
        report: the gate's number, only where the gate did read it: the selection number was at the bar.
    """

    spec: Spec
    metrics: Metrics | None = None
    architecture: dict[str, Any] = field(default_factory=dict)
    curves: Sequence[Mapping[str, Any]] = ()
    selection: Metric | None = None
    report: Metric | None = None

    @property
    def number(self) -> int:
        return self.spec.trial

    @property
    def value(self) -> float | None:
        """The selection number's value, where there is a finite one."""
        return self.selection.value if self.selection and math.isfinite(self.selection.value) else None

    def stat(self, name: str) -> float | None:
        """A figure about the training data (`x_max`, `majority`, ...)."""
        data = self.metrics.data if self.metrics else None
        return data.stats.get(name) if data else None

    @property
    def classes(self) -> int | None:
        data = self.metrics.data if self.metrics else None
        return data.classes if data else None

    @property
    def n_train(self) -> int | None:
        data = self.metrics.data if self.metrics else None
        return data.n_train if data else None
