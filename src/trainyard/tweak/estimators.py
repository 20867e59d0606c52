"""Steps for estimators: tables of what helps which class, then small random changes around the best. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from trainyard.policy import Policy
from trainyard.runs.files import Move
from trainyard.tweak.estimator_tables import ALIASES, NEAR, TABLES, Row
from trainyard.tweak.estimator_traits import LIMITS, REDUCING, SCALE_SENSITIVE, SCALERS, STRAIGHT
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
    found = read(best.architecture)
    if found is None:
        return
    name, params, prefix, scaled = found
    short = f"the held-out number is {best.value:.3f}" if best.value is not None else "it is below the target"
    scale = [] if scaled or name not in SCALE_SENSITIVE else [_scale(best)]
    yield from _unreduced(best, short)
    for number, row in enumerate(TABLES.get(name, []), start=1):
        changed = _changed(name, row, params)
        moves = [*scale, *([_set(changed, params, prefix)] if changed else [])]
        if moves:
            yield Step(
                f"row {number}", moves, f"{'; '.join(m.reason for m in moves)}. Why: {row.why}; {short}"
            )
        if number == 1:
            yield from _expanded(best, name, short)
    if name not in TABLES:
        yield from _expanded(best, name, short)
    if scale:
        yield Step(
            "scaled", scale, f"{scale[0].reason}. Why: {name} compares features by their size; {short}"
        )
    if any(one.kind == Kind.IMBALANCE for one in findings) and params.get("class_weight", 0) is None:
        moves = [*scale, _set({"class_weight": "balanced"}, params, prefix)]
        yield Step(
            "balanced", moves, f"{moves[-1].reason}. Why: the classes are of very different sizes; {short}"
        )
    yield from _random(name, params, prefix, short, random.Random(seed))  # noqa: S311


def _expanded(best: TrialRecord, name: str, short: str) -> Iterator[Step]:
    """Products of features for what draws straight borders, where they are not too many."""
    shape = best.metrics.data.shape if best.metrics and best.metrics.data else []
    features = shape[0] if len(shape) == 1 else None
    if name not in STRAIGHT or features is None or features > MOST_FEATURES:
        return
    degree = 3 if features <= FEW_FEATURES else 2
    one = move("expand_inputs", f"added products of up to {degree} features", degree=degree)
    yield Step("expanded", [one], f"{one.reason}. Why: {name} {STRAIGHT[name]}; {short}")


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
        one = _set(changed, {}, "")
        yield Step("unreduced", [one], f"{one.reason}. Why: {', '.join(told)} of the features; {short}")


def read(architecture: dict[str, Any]) -> tuple[str, dict[str, Any], str, bool] | None:
    """(class, parameters, prefix of their names, whether inputs are scaled) of what learns.

    In a pipeline that is the last step, whose parameters are named `step__parameter`; of what wraps another
    estimator and has no table of its own, that one.
    """
    found = architecture.get("estimator")
    if not isinstance(found, dict):
        return None
    prefix, scaled = "", False
    steps_ = [one for one in found.get("steps") or [] if isinstance(one, dict)]
    if steps_:
        classes = [_short(one.get("class")) for one in steps_]
        scaled = any(one in SCALERS for one in classes[:-1])
        found, step = steps_[-1], steps_[-1].get("name", "")
        # A pipeline that moves have made is not there yet when the next trial's parameters are set.
        prefix = "" if step == OWN_STEP else f"{step}__"
    inner = found.get("inner")
    if isinstance(inner, dict) and _short(found.get("class")) not in {*TABLES, *LIMITS}:
        prefix, found = f"{prefix}{inner.get('name')}__", inner
    params = found.get("params")
    return _short(found.get("class")), params if isinstance(params, dict) else {}, prefix, scaled


def _short(name: object) -> str:
    """The class without its module; a `Booster` is each library's own."""
    whole = str(name or "")
    short = whole.rsplit(".", 1)[-1]
    return whole if short == "Booster" else short


def _changed(name: str, row: Row, params: dict[str, Any]) -> dict[str, Any]:
    """The row's parameters that differ from what the estimator has.

    CatBoost tells only those that it was given, by whichever of their names.
    """
    if name.startswith("CatBoost"):
        called = {
            next((one for one in ALIASES.get(key, ()) if one in params), key): value
            for key, value in row.params.items()
        }
        return {key: value for key, value in called.items() if params.get(key) != value}
    return {key: value for key, value in row.params.items() if key in params and params[key] != value}


def _set(changed: dict[str, Any], params: dict[str, Any], prefix: str) -> Move:
    told = ", ".join(
        f"{key} from {params[key]} to {value}" if key in params else f"{key} to {value}"
        for key, value in changed.items()
    )
    return move(
        "set_params", f"set {told}", params={f"{prefix}{key}": value for key, value in changed.items()}
    )


def _scale(best: TrialRecord) -> Move:
    low, high = best.stat("x_min"), best.stat("x_max")
    size = f" (they range from {low:.4g} to {high:.4g})" if low is not None and high is not None else ""
    return move("scale_inputs", f"scaled the inputs{size}")


def _random(
    name: str, params: dict[str, Any], prefix: str, short: str, chooser: random.Random
) -> Iterator[Step]:
    """Random values near the best trial's, one or two parameters at a time."""
    ranges = {key: value for key, value in NEAR.get(name, {}).items() if key in params}
    if not ranges:
        return
    for _ in range(RANDOM_STEPS):
        keys = chooser.sample(sorted(ranges), k=min(len(ranges), chooser.choice((1, 2))))
        changed = {key: chooser.choice(ranges[key]) for key in keys}
        changed = {key: value for key, value in changed.items() if params[key] != value}
        if changed:
            one = _set(changed, params, prefix)
            yield Step(
                "nearby",
                [one],
                f"{one.reason}. Why: a look around the best values; {short}",
                at_most=RANDOM_STEPS,
            )
