"""Steps for estimators: tables of what helps which class, then small random changes around the best. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from trainyard.policy import Policy
from trainyard.runs.files import Move
from trainyard.tweak.estimator_tables import ALIASES, NEAR, TABLES, Row
from trainyard.tweak.estimator_traits import (
    CORRELATED,
    LIMITS,
    REDUCING,
    SCALE_SENSITIVE,
    SCALERS,
    SEARCHES,
    STRAIGHT,
)
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.moves import move
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.step import Step

RANDOM_STEPS = 12
OWN_STEP = "trainyard_model"
"""What the script's estimator is called in a pipeline that moves have put around it."""
FEW_FEATURES, MOST_FEATURES = 10, 60
"""Features up to which products of three, and of two, are as many as can be learnt from."""


def steps(best: TrialRecord, findings: list[Finding], policy: Policy, *, seed: int) -> Iterator[Step]:
    """What could come next on top of the best trial: the table's rows in order, then random steps near it."""
    learner = read(best.architecture)
    if learner is None:
        return
    name, params = learner.name, learner.params
    short = f"the held-out number is {best.value:.3f}" if best.value is not None else "it is below the target"
    scale = [] if learner.scaled or name not in SCALE_SENSITIVE else [_scale(best)]
    yield from _unreduced(best, short)
    for number, row in enumerate(TABLES.get(name, []), start=1):
        changed = _changed(learner, row)
        moves = [*scale, *([_set(changed, learner)] if changed else [])]
        if moves:
            yield Step(
                f"row {number}", moves, f"{'; '.join(m.reason for m in moves)}. Why: {row.why}; {short}"
            )
        if number == 1:
            yield from _expanded(best, name, short)
    if name not in TABLES:
        yield from _expanded(best, name, short)
    yield from _decorrelated(best, name, short)
    if scale:
        yield Step(
            "scaled", scale, f"{scale[0].reason}. Why: {name} compares features by their size; {short}"
        )
    if any(one.kind == Kind.IMBALANCE for one in findings) and params.get("class_weight", 0) is None:
        moves = [*scale, _set({"class_weight": "balanced"}, learner)]
        yield Step(
            "balanced", moves, f"{moves[-1].reason}. Why: the classes are of very different sizes; {short}"
        )
    yield from _random(learner, short, random.Random(seed))  # noqa: S311


def _expanded(best: TrialRecord, name: str, short: str) -> Iterator[Step]:
    """Products of features for what draws straight borders, where they are not too many."""
    shape = _shape(best)
    features = shape[0] if len(shape) == 1 else None
    if name not in STRAIGHT or features is None or features > MOST_FEATURES:
        return
    degree = 3 if features <= FEW_FEATURES else 2
    one = move("expand_inputs", f"added products of up to {degree} features", degree=degree)
    yield Step("expanded", [one], f"{one.reason}. Why: {name} {STRAIGHT[name]}; {short}")


def _decorrelated(best: TrialRecord, name: str, short: str) -> Iterator[Step]:
    """Principal components for what takes features one by one."""
    if name in CORRELATED and len(_shape(best)) == 1:
        one = move("decorrelate_inputs", "turned the inputs into their principal components")
        yield Step("decorrelated", [one], f"{one.reason}. Why: {name} {LIMITS[name]}; {short}")


def _shape(best: TrialRecord) -> list[int | None]:
    return best.metrics.data.shape if best.metrics and best.metrics.data else []


def _unreduced(best: TrialRecord, short: str) -> Iterator[Step]:
    """All features for a pipeline whose earlier steps leave few of them."""
    changed: dict[str, Any] = {}
    told = []
    for one in (best.architecture.get("estimator") or {}).get("steps") or []:
        params = one.get("params") or {}
        for key, value in REDUCING.get(_short(one.get("class")), {}).items():
            if params.get(key) not in (None, value):
                changed[f"{one.get('name')}__{key}"] = value
                told.append(f"{one.get('name')} leaves {params[key]}")
    if changed:
        one = _set(changed, Learner("", {}))
        yield Step("unreduced", [one], f"{one.reason}. Why: {', '.join(told)} of the features; {short}")


@dataclass(frozen=True)
class Learner:
    """What learns of a script's estimator: in a pipeline the last step, in what wraps another that one.

    Attributes:
        name: its class.
        prefix: what its parameters' names begin with, seen from the estimator (`step__`).
        scaled: whether its inputs are.
        looked_at: by parameter, the values that a search of the script's tries.
        search: that search's class.
    """

    name: str
    params: dict[str, Any]
    prefix: str = ""
    scaled: bool = False
    looked_at: dict[str, list[Any]] = field(default_factory=dict)
    search: str = ""


def read(architecture: dict[str, Any]) -> Learner | None:
    found = architecture.get("estimator")
    return _learner(found) if isinstance(found, dict) else None


def _learner(found: dict[str, Any]) -> Learner:
    steps_ = [one for one in found.get("steps") or [] if isinstance(one, dict)]
    inner, name = found.get("inner"), _short(found.get("class"))
    if steps_:
        last = _learner(steps_[-1])
        scaled = last.scaled or any(_short(one.get("class")) in SCALERS for one in steps_[:-1])
        step = steps_[-1].get("name", "")
        # A pipeline that moves have made is not there yet when the next trial's parameters are set.
        prefix = last.prefix if step == OWN_STEP else f"{step}__{last.prefix}"
        return replace(last, prefix=prefix, scaled=scaled)
    params = found.get("params")
    params = params if isinstance(params, dict) else {}
    search = name if name in SEARCHES else ""
    if not isinstance(inner, dict) or name in {*TABLES, *LIMITS}:
        return Learner(name, params, search=search)
    learner = _learner(inner)
    whole = replace(learner, prefix=f"{inner.get('name')}__{learner.prefix}")
    if not search:
        return whole
    looked_at = {
        key.removeprefix(learner.prefix): values
        for key, values in _searched(params)
        if key.startswith(learner.prefix) and isinstance(values, list)
    }
    return replace(whole, looked_at=looked_at, search=search)


def _searched(params: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    spaces = params.get("param_grid", params.get("param_distributions"))
    for space in spaces if isinstance(spaces, list) else [spaces]:
        if isinstance(space, dict):
            yield from space.items()


def _short(name: object) -> str:
    """The class without its module; a `Booster` is each library's own."""
    whole = str(name or "")
    short = whole.rsplit(".", 1)[-1]
    return whole if short == "Booster" else short


def _changed(learner: Learner, row: Row) -> dict[str, Any]:
    """The row's parameters that differ from what the estimator has.

    CatBoost tells only those that it was given, by whichever of their names.
    """
    params = learner.params
    if learner.name.startswith("CatBoost"):
        called = {
            next((one for one in ALIASES.get(key, ()) if one in params), key): value
            for key, value in row.params.items()
        }
        return {key: value for key, value in called.items() if params.get(key) != value}
    return {
        key: value
        for key, value in row.params.items()
        if key in params and value not in learner.looked_at.get(key, [params[key]])
    }


def _set(changed: dict[str, Any], learner: Learner) -> Move:
    told = ", ".join(_told(key, value, learner) for key, value in changed.items())
    params = {f"{learner.prefix}{key}": value for key, value in changed.items()}
    return move("set_params", f"set {told}", params=params)


def _told(key: str, value: Any, learner: Learner) -> str:
    if key in learner.looked_at:
        return f"{key} to {value} as well as {', '.join(str(one) for one in learner.looked_at[key])}"
    return f"{key} from {learner.params[key]} to {value}" if key in learner.params else f"{key} to {value}"


def _scale(best: TrialRecord) -> Move:
    low, high = best.stat("x_min"), best.stat("x_max")
    size = f" (they range from {low:.4g} to {high:.4g})" if low is not None and high is not None else ""
    return move("scale_inputs", f"scaled the inputs{size}")


def _random(learner: Learner, short: str, chooser: random.Random) -> Iterator[Step]:
    """Random values near the best trial's, one or two parameters at a time."""
    ranges = {key: value for key, value in NEAR.get(learner.name, {}).items() if key in learner.params}
    if not ranges:
        return
    for _ in range(RANDOM_STEPS):
        keys = chooser.sample(sorted(ranges), k=min(len(ranges), chooser.choice((1, 2))))
        changed = {key: chooser.choice(ranges[key]) for key in keys}
        changed = {
            key: value
            for key, value in changed.items()
            if value not in learner.looked_at.get(key, [learner.params[key]])
        }
        if changed:
            one = _set(changed, learner)
            yield Step(
                "nearby",
                [one],
                f"{one.reason}. Why: a look around the best values; {short}",
                at_most=RANDOM_STEPS,
            )
