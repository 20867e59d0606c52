"""What a repo asks of its models: two thresholds, a metric, and a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from trainyard.exits import ExitCode, TrainyardError

PRESETS: dict[str, dict[str, float]] = {
    "serve-above-90": {"target": 0.90, "floor": 0.80},
    "tweak-below-80": {"target": 0.80, "floor": 0.80},
}
DEFAULT_PRESET = "serve-above-90"

ROUNDING = 1e-6
"""A share of a number: ten times what 32 bits leave out, and less than one row of a million."""

SUPERSEDE = ("none", "queued", "running")

LOWER_IS_BETTER = frozenset(
    {"mae", "mse", "rmse", "msle", "mape", "loss", "log_loss", "error", "error_rate", "hinge", "max_error"}
)


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gate's thresholds and the search's budget.

    Attributes:
        target: a model at or beyond it is promoted and served; before it the architecture is tweaked.
        floor: a run that ends before it is refused; between the two the best model is a candidate.
        metric: `auto`, or a captured metric's name (`accuracy`, `f1`, `auc`, `r2`, `mae`, ...).
        direction: `max` or `min`; derived from the metric's name where not given.
        max_trials: trainings in one run, the developer's own (trial 0) included.
        max_minutes: minutes of training in one run, all trials together.
        supersede: which older runs of the branch a newer push ends: `none`, those that are `queued` (nothing
            trains yet), or the `running` ones as well.
    """

    target: float = 0.90
    floor: float = 0.80
    metric: str = "auto"
    direction: str = "max"
    max_trials: int = 8
    max_minutes: float = 60.0
    supersede: str = "none"

    def reaches(self, value: float, threshold: float) -> bool:
        """Whether `value` is at or beyond `threshold` in this policy's direction.

        Frameworks print 0.9 as 0.89999998, and 0.9 + (0.92 - 0.88) is more than 0.94: what differs by less
        than `ROUNDING` is equal.
        """
        if math.isclose(value, threshold, rel_tol=ROUNDING):
            return True
        return value > threshold if self.direction == "max" else value < threshold

    def better(self, value: float, other: float) -> bool:
        """Whether `value` is strictly better than `other`."""
        return value > other if self.direction == "max" else value < other


class PolicyTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy as people write it: everything optional, a preset to start from."""

    preset: str | None = None
    target: float | None = None
    floor: float | None = None
    metric: str | None = None
    direction: str | None = None
    max_trials: int | None = None
    max_minutes: float | None = None
    supersede: str | None = None


def resolve(*layers: tuple[str, PolicyTable]) -> Policy:
    """Lays tables over each other, the last one strongest, and checks the result.

    Args:
        layers: (where it was written, table), weakest first.

    Raises:
        TrainyardError: BAD_CONFIG, naming the place and the field.
    """
    values: dict[str, Any] = {}
    where = "the policy"
    for place, table in layers:
        given = {k: v for k, v in msgspec.structs.asdict(table).items() if v is not None}
        if not given:
            continue
        where = place
        if (preset := given.pop("preset", None)) is not None:
            if preset not in PRESETS:
                raise _bad(place, "preset", f"{preset!r} is none of {', '.join(sorted(PRESETS))}")
            values.update(PRESETS[preset])
        if "target" in given and "floor" not in given:
            values.pop("floor", None)
        values.update(given)
    metric = str(values.get("metric", "auto")).strip().lower()
    values["metric"] = metric
    values.setdefault("direction", "min" if metric in LOWER_IS_BETTER else "max")
    if values["direction"] not in ("max", "min"):
        raise _bad(where, "direction", f"{values['direction']!r} is neither max nor min")
    values.setdefault("target", PRESETS[DEFAULT_PRESET]["target"])
    default_floor = min if values["direction"] == "max" else max
    values.setdefault("floor", default_floor(values["target"], PRESETS[DEFAULT_PRESET]["floor"]))
    policy = Policy(**values)
    _check(policy, where)
    return policy


def parse_assignments(text: str, where: str) -> PolicyTable:
    """Reads `target=0.9 max_trials=5` (spaces or commas between), as job parameters carry it.

    Raises:
        TrainyardError: BAD_CONFIG for anything that is not KEY=VALUE of a known key.
    """
    fields: dict[str, Any] = {}
    for item in text.replace(",", " ").split():
        key, equals, value = item.partition("=")
        if not equals:
            raise _bad(where, item, "is not KEY=VALUE")
        fields[key] = value
    return table_from(fields, where, strict=False)


def table_from(fields: Mapping[str, Any], where: str, *, strict: bool = True) -> PolicyTable:
    """Checks a mapping's keys and types against the policy table. Not `strict` takes numbers as text."""
    try:
        return msgspec.convert(dict(fields), PolicyTable, strict=strict)
    except msgspec.ValidationError as error:
        raise TrainyardError(
            ExitCode.BAD_CONFIG,
            f"{where}: {error}.",
            f"A policy has {', '.join(PolicyTable.__struct_fields__)}.",
        ) from None


def _check(policy: Policy, where: str) -> None:
    for field in ("target", "floor", "max_minutes"):
        if not math.isfinite(getattr(policy, field)):
            raise _bad(where, field, "is not a number")
    if (
        policy.metric in ("auto", "accuracy", "f1", "auc", "precision", "recall")
        and not 0 < policy.target <= 1
    ):
        raise _bad(where, "target", f"{policy.target:g} is not between 0 and 1 (90 % is written 0.9)")
    if not policy.reaches(policy.target, policy.floor):
        side = "above" if policy.direction == "max" else "below"
        raise _bad(where, "floor", f"{policy.floor:g} is {side} the target {policy.target:g}")
    if policy.max_trials < 1:
        raise _bad(where, "max_trials", f"{policy.max_trials} is less than 1")
    if policy.max_minutes <= 0:
        raise _bad(where, "max_minutes", f"{policy.max_minutes:g} is not above 0")
    if policy.supersede not in SUPERSEDE:
        raise _bad(where, "supersede", f"{policy.supersede!r} is none of {', '.join(SUPERSEDE)}")


def _bad(where: str, field: str, what: str) -> TrainyardError:
    return TrainyardError(ExitCode.BAD_CONFIG, f"{where}: {field}: {what}.", "Correct it and run again.")
