"""The gate: which captured number counts, and what it decides (docs/reference/metrics.md). Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainyard.policy import Policy
from trainyard.runs.files import Metric, Outcome, Part, Split

_ALIASES = {
    "acc": "accuracy",
    "accuracy_score": "accuracy",
    "binary_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "r2_score": "r2",
    "f1_score": "f1",
    "roc_auc": "auc",
    "roc_auc_score": "auc",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
}
_AUTO = ("accuracy", "r2", "f1", "auc")
"""What `metric = "auto"` takes, first found first: what a classifier has, then what a regression has."""

_FRACTIONS = frozenset({"accuracy", "f1", "auc", "precision", "recall"})
_ERRORS = frozenset({"mae", "mse", "rmse"})

_SPLITS = (Split.TEST, Split.HELD_OUT, Split.VALIDATION)
"""Splits that may be gated, most trusted first. Training data and unknown data never are."""


@dataclass(frozen=True)
class Reading:
    """The two numbers that count in one trial: one to compare trials on, one for the gate."""

    selection: Metric
    gate: Metric


def canonical(name: str) -> str:
    """A metric's common name: `sparse_categorical_accuracy` and `acc` are `accuracy`."""
    plain = name.strip().lower().removeprefix("val_").removeprefix("test_")
    return _ALIASES.get(plain, plain)


def read(metrics: Sequence[Metric], metric: str, *, baseline: bool) -> Reading | None:
    """Chooses the numbers that count.

    A number is eligible if it has the wanted name and was measured on data that the model was not trained on.
    Among them the test set goes before data held out by the harness, and that before validation data; among
    equals the one captured last. Trial 0 (`baseline`) is read on all of it, since nothing was chosen by it
    yet; later trials are compared on the selection part and gated on the report part.

    Returns:
        None where nothing is eligible.
    """
    names = _AUTO if metric == "auto" else (canonical(metric),)
    for name in names:
        eligible = [m for m in metrics if canonical(m.name) == name and m.split in _SPLITS and possible(m)]
        if not eligible:
            continue
        whole = _pick(eligible, Part.ALL)
        report = whole if baseline and whole else _pick(eligible, Part.REPORT) or whole
        selection = _pick(eligible, Part.SELECTION) or whole or report
        gate = report or selection
        if selection is not None and gate is not None:
            return Reading(selection, gate)
    return None


def possible(metric: Metric) -> bool:
    """Whether a metric of that name can have that value at all: no code may claim an accuracy of 7."""
    name = canonical(metric.name)
    if not math.isfinite(metric.value):
        return False
    if name in _FRACTIONS:
        return 0 <= metric.value <= 1
    return metric.value <= 1 if name == "r2" else metric.value >= 0 or name not in _ERRORS


def outcome(value: float, policy: Policy) -> Outcome:
    """What a run whose best model reads `value` ends as."""
    if policy.reaches(value, policy.target):
        return Outcome.PROMOTED
    return Outcome.CANDIDATE if policy.reaches(value, policy.floor) else Outcome.REFUSED


def bar(failed: Sequence[Reading], policy: Policy) -> float:
    """What the selection part has to reach before the report part is looked at: the target at first.

    A look that fails shows by how much the selection part flatters; the bar rises by the largest such gap,
    for a proportion at most half way to 1, so that it stays in reach.

    Args:
        failed: the readings of the looks so far that fell short.
    """
    gap = max((abs(one.selection.value - one.gate.value) for one in failed), default=0.0)
    if policy.direction == "min":
        return policy.target - gap
    return policy.target + (min(gap, 0.5 * (1 - policy.target)) if policy.target < 1 else gap)


def looks(reading: Reading, policy: Policy, failed: Sequence[Reading] = ()) -> bool:
    """Whether the report part of a retrain is looked at: a search must not fish in it."""
    return policy.reaches(reading.selection.value, bar(failed, policy))


def best(readings: Sequence[tuple[int, Reading, bool]], policy: Policy) -> int | None:
    """The number of the best trial: one that is at target before one that is not, then by selection.

    Args:
        readings: (trial number, reading, whether it was found at target), in order; a later one wins only
            where it is better.
    """
    chosen: tuple[int, Reading, bool] | None = None
    for one in readings:
        if chosen is None or _before(one[1:], chosen[1:], policy):
            chosen = one
    return chosen[0] if chosen else None


def sentence(reading: Reading, policy: Policy) -> str:
    """The gate's decision in words."""
    m = reading.gate
    shown = describe(m)
    if policy.reaches(m.value, policy.target):
        return f"{shown}: at the target {policy.target:g}"
    if policy.reaches(m.value, policy.floor):
        return f"{shown}: short of the target {policy.target:g}, beyond the floor {policy.floor:g}"
    return f"{shown}: short of the floor {policy.floor:g} (target {policy.target:g})"


def describe(metric: Metric) -> str:
    """One metric for a person: `accuracy 0.934 on test data (n=360, 95 % interval 0.90 to 0.96)`."""
    extra = [f"n={metric.n}"] if metric.n else []
    if metric.interval:
        extra.append(f"95 % interval {metric.interval[0]:.3f} to {metric.interval[1]:.3f}")
    tail = f" ({', '.join(extra)})" if extra else ""
    return f"{canonical(metric.name)} {metric.value:.4f} on {metric.split.value} data{tail}"


def _before(new: tuple[Reading, bool], old: tuple[Reading, bool], policy: Policy) -> bool:
    if new[1] != old[1]:
        return new[1]
    return policy.better(new[0].selection.value, old[0].selection.value)


def _pick(metrics: Sequence[Metric], part: Part) -> Metric | None:
    of_part = [m for m in metrics if m.part == part]
    for split in _SPLITS:
        if of_split := [m for m in of_part if m.split == split]:
            return of_split[-1]
    return None
