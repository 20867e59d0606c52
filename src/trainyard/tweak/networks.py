"""Steps for networks: which moves the diagnosis calls for, the boldest reasonable combination first. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from trainyard.policy import Policy
from trainyard.runs.files import Move
from trainyard.tweak import budget, capacity
from trainyard.tweak.curves import doublings_to
from trainyard.tweak.diagnose import MEMORISED
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.moves import move
from trainyard.tweak.network import NESTED
from trainyard.tweak.parts import Parts
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.step import Step
from trainyard_harness.moves.graph import ADDED

PROBE_EPOCHS = 60
RACE_EPOCHS = 2
RACE_UPDATES = 40
"""Weight updates before which a race is luck: on few rows that takes more epochs."""
LEAST_TOLD = 8
"""Epochs from which on a curve that leads nowhere is believed."""
SURELY = 0.55
"""Confidence from which on overfitting is treated before anything else."""


def steps(best: TrialRecord, findings: list[Finding], policy: Policy, bar: float) -> Iterator[Step]:
    """What could come next on top of the best trial, most promising first.

    Args:
        best: the best trial so far.
        findings: its diagnosis.
        bar: what the selection number has to reach.
    """
    parts = Parts(best, findings, policy, bar)
    found = _ordered(parts) if parts.network.editable else _training_only(parts)
    for step in found:
        if step is not None and step.moves:
            yield step


def _ordered(parts: Parts) -> Iterator[Step | None]:
    improving = parts.has(Kind.IMPROVING) and not parts.broken
    overfit = parts.findings.get(Kind.OVERFIT)
    unlearnable = parts.findings.get(Kind.UNLEARNABLE)
    if unlearnable is not None and unlearnable.confidence > SURELY and not parts.broken:
        yield _probed(parts)
        yield _regularised(parts, 0.3)
    if improving and (parts.near or _enough_capacity(parts)) and _soon_there(parts):
        yield _continued(parts)
    if overfit is not None and overfit.confidence > SURELY and not parts.broken:
        yield _convolved(parts)
        if parts.many_inputs:
            yield _penalised(parts)
        yield _regularised(parts, 0.3)
        yield _pooled(parts)
        yield _regularised(parts, 0.5, wider=True)
        yield _penalised(parts)
    if parts.has(Kind.LITTLE_DATA) and _enough_capacity(parts) and not parts.broken:
        yield _convolved(parts)  # weights that all places share learn from fewer samples
    yield _repaired(parts)
    if improving:
        yield _continued(parts)
    yield _settled(parts)
    yield _convolved(parts)
    yield _phrased(parts)
    if parts.has(Kind.UNDERFIT) and not (parts.network.convolutional or parts.network.recurrent):
        yield _deeper(parts)  # what wide layers can't learn is seldom learnt by wider ones
    yield _larger(parts)
    yield _regularised(parts, 0.3)
    yield _deeper(parts)
    yield _pooled(parts)
    yield _regularised(parts, 0.5, wider=True)


def _continued(parts: Parts) -> Step:
    """The same network from its own weights, for as many epochs as its curve asks for."""
    doublings = doublings_to(parts.curve.val_score or parts.curve.score, parts.goal) or 1
    epochs = max(1, parts.curve.epochs) * (2 ** min(3, doublings) - 1)
    enough = max(epochs, budget.epochs_for(parts.best, parts.network) // 2, 3)
    moves = parts.epochs(min(budget.MOST_EPOCHS, enough))
    rate, usual = parts.network.rate, parts.network.usual_rate
    if rate is not None and rate < usual / 2:
        moves.append(parts.set_rate(rate, usual))
    reason = (
        f"went on from trial {parts.best.number}'s weights; {_because(moves, [parts.why(Kind.IMPROVING)])}"
    )
    return Step("continued", moves, reason, inherit=True, at_most=3)


def _soon_there(parts: Parts) -> bool:
    """Whether going on costs no more than a retrain from scratch, or the curve is too short to tell."""
    seen, doublings = parts.curve, doublings_to(parts.curve.val_score or parts.curve.score, parts.goal)
    if doublings is None:
        return seen.epochs < LEAST_TOLD
    updates: int = seen.epochs * (2**doublings - 1) * budget.steps_per_epoch(parts.best, parts.network)
    return updates <= 2 * budget.UPDATES


def _settled(parts: Parts) -> Step | None:
    """The same network from its own weights at a quarter of the rate: a plateau may be the rate's doing."""
    rate = parts.network.rate
    if rate is None or not parts.near or parts.broken:
        return None
    epochs = max(5, budget.epochs_for(parts.best, parts.network) // 3)
    moves = [parts.set_rate(rate, float(f"{rate / 4:.2g}")), *parts.epochs(epochs)]
    reason = f"went on from trial {parts.best.number}'s weights; {_because(moves, [parts.short()])}"
    return Step("settled", moves, reason, inherit=True)


def _probed(parts: Parts) -> Step:
    """Enough to learn the training data by heart: tells too small a model from no rule at all."""
    moves = [*parts.scaled(), *capacity.widen(parts.network, 2.0, floors=2), *parts.rate()]
    epochs = max(PROBE_EPOCHS, parts.network.epochs)
    moves += parts.epochs(epochs, patience=epochs)
    why = f"{parts.why(Kind.UNLEARNABLE)}; a large network shows if there is a rule at all"
    return Step("probed", moves, _because(moves, [why]))


def _repaired(parts: Parts) -> Step | None:
    """Everything that the diagnosis says is wrong, put right at once, at widths that are surely enough."""
    network = parts.network
    wider = capacity.widen(network)
    moves = [*parts.scaled(), *parts.bent(), *parts.freed(), *wider]
    image = bool(wider) and network.convolutional
    if image or parts.has(Kind.DEAD):
        moves += capacity.normalise(network, parts.momentum)
    if parts.has(Kind.DEAD) and not network.of(*NESTED):  # which may be pretrained
        moves.append(move("reinit", "started from other initial weights"))
    if image:
        moves += capacity.second_block(network, parts.momentum)
        moves += [*parts.shifted(), *parts.dropped(0.3)] if parts.has(Kind.LITTLE_DATA) else []
    deepened = any(one.kind == "conv_block" for one in moves)
    moves += [*parts.settled_averages(), *parts.rate()]
    if not moves:
        return None
    moves += [*parts.long(), *_race_of_heads(parts, deepened)]
    left_out = (Kind.IMBALANCE, Kind.OVERFIT)
    why = [one.sentence.rstrip(".") for kind, one in parts.findings.items() if kind not in left_out]
    return Step("repaired", moves, _because(moves, why or [parts.short()]))


def _larger(parts: Parts) -> Step | None:
    """Twice the widths. Dense and recurrent networks keep what they have learnt, if not by heart."""
    moves = capacity.widen(parts.network, 2.0)
    if not moves:
        return None
    if parts.network.convolutional:
        moves += capacity.normalise(parts.network, parts.momentum)
    moves += [*parts.rate(), *parts.long()]
    reason = _because(moves, [parts.short()])
    keeps = not parts.network.convolutional and (parts.curve.train or 0) < MEMORISED
    return Step("larger", moves, reason, inherit=keeps, at_most=2)


def _deeper(parts: Parts) -> Step | None:
    moves = capacity.deeper(parts.network, parts.momentum)
    if not moves:
        return None
    if parts.network.convolutional:
        moves += capacity.normalise(parts.network, parts.momentum)
    moves += [*parts.rate(), *parts.long()]
    return Step("deeper", moves, _because(moves, [parts.short()]))


def _convolved(parts: Parts) -> Step | None:
    moves = parts.convolved()
    if not moves:
        return None
    moves += parts.shifted(moves[0]) if parts.overfits_badly else []
    moves += [*parts.dropped(0.3), *parts.rate(), *parts.long()]
    return Step("convolved", moves, _because(moves, [parts.why(Kind.OVERFIT, Kind.LITTLE_DATA)]))


def _phrased(parts: Parts) -> Step | None:
    moves = parts.phrased()
    if not moves:
        return None
    moves += [*capacity.widen(parts.network), *parts.rate(), *parts.long()]
    return Step("phrased", moves, _because(moves, [parts.short()]))


def _penalised(parts: Parts) -> Step | None:
    moves = parts.penalised()
    if not moves:
        return None
    moves = [*parts.scaled(), *moves, *parts.rate(), *parts.long(2 * budget.UPDATES)]
    return Step("penalised", moves, _because(moves, [parts.why(Kind.OVERFIT)]))


def _regularised(parts: Parts, rate: float, wider: bool = False) -> Step | None:
    """Dropout; for images small shifts and normalisation as well."""
    moves = [*parts.scaled(), *capacity.widen(parts.network, 2.0 if wider else 1.0), *parts.dropped(rate)]
    if parts.network.convolutional:
        moves += [*capacity.normalise(parts.network, parts.momentum), *parts.shifted()]
    if not moves:
        return None
    moves += [*parts.settled_averages(), *parts.rate(), *parts.long(2 * budget.UPDATES)]
    return Step(f"regularised {rate:g}", moves, _because(moves, [parts.why(Kind.OVERFIT)]))


def _pooled(parts: Parts) -> Step | None:
    """The other head: global pooling sees a shape wherever it is, flattening knows the place."""
    moves = _other_head(parts, deepened=False)
    if not moves:
        return None
    moves += [*capacity.normalise(parts.network, parts.momentum), *parts.rate(), *parts.long()]
    return Step("pooled", moves, _because(moves, [parts.short()]))


def _other_head(parts: Parts, deepened: bool) -> list[Move]:
    """The head that it has not; global pooling with one more block of convolutions where none was added."""
    network = parts.network
    flat = [one for one in network.of("Flatten") if not one.name.startswith(ADDED)]
    pooled = [one for one in network.of("GlobalAveragePooling2D") if not one.name.startswith(ADDED)]
    if not network.convolutional or not (flat or pooled):
        return []
    layer, to = (flat[0], "gap") if flat else (pooled[0], "flatten")
    told = "global average pooling" if to == "gap" else "flattening"
    moves = [move("head", f"replaced {layer.name} by {told}", layer=layer.name, to=to)]
    return moves + (capacity.deeper(network, parts.momentum) if to == "gap" and not deepened else [])


def _race_of_heads(parts: Parts, deepened: bool) -> list[Move]:
    """Which head suits the images is not in the curves, but some epochs of each tell."""
    swap = _other_head(parts, deepened)
    if not swap or any(one.kind == "head" for one in parts.best.spec.moves):
        return []
    names = ["flattening", "global pooling"]
    names = names if swap[0].args["to"] == "gap" else names[::-1]
    epochs = max(RACE_EPOCHS, math.ceil(RACE_UPDATES / budget.steps_per_epoch(parts.best, parts.network)))
    text = f"raced {names[0]} against {names[1]} for {epochs} epochs"
    other = [msgspec.to_builtins(one) for one in swap]
    return [move("race", text, epochs=epochs, other=other, names=names)]


def _training_only(parts: Parts) -> Iterator[Step]:
    """For models whose layers can't be edited: rate and epochs, and widths as the script makes its layers."""
    rate = parts.network.rate
    if not parts.network.layers or not parts.network.training.get("epochs"):
        # a loop of the script's own, whose length is its own too
        if wider := capacity.rechained(parts.network):
            yield Step("rebuilt", wider, _because(wider, [parts.short()]))
        yield from _rates(parts)
        return
    if parts.broken and not parts.usual_settings() and (lower := parts.rate()):
        moves = [*lower, *parts.long()]
        yield Step("repaired", moves, _because(moves, [parts.why(Kind.DIVERGED, Kind.DEAD)]))
    rebuilt = capacity.rebuild(
        parts.network, parts.best.classes, parts.usual_settings(), wider=not parts.has(Kind.OVERFIT)
    )
    if rebuilt:
        moves = [*rebuilt, *parts.rate(), *parts.long()]
        yield Step("rebuilt", moves, _because(moves, [parts.why(Kind.UNDERFIT)]))
    for times in (3, 6):
        moves = parts.epochs(min(2 * budget.MOST_EPOCHS, times * parts.network.epochs))
        yield Step(f"longer {times}", moves, _because(moves, [parts.short()]))
    for factor in (3.0, 0.3):
        if rate:
            moves = [parts.set_rate(rate, float(f"{rate * factor:.2g}")), *parts.long()]
            yield Step(f"rate {factor:g}", moves, _because(moves, [parts.short()]))


def _rates(parts: Parts) -> Iterator[Step]:
    """Other rates alone, the bold ones first."""
    rate = parts.network.rate
    for factor in (3.0, 0.3, 10.0, 0.1):
        if rate:
            moves = [parts.set_rate(rate, float(f"{rate * factor:.2g}"))]
            yield Step(f"rate {factor:g}", moves, _because(moves, [parts.short()]))


def _enough_capacity(parts: Parts) -> bool:
    narrow = bool(capacity.widths(parts.network))
    return not narrow and not parts.has(Kind.UNSCALED, Kind.STARVED, Kind.SATURATED)


def _because(moves: list[Move], why: list[str]) -> str:
    told = [one.reason for one in moves if one.kind not in ("stop", "patience")]
    return f"{'; '.join(told)}. Why: {'; '.join(why)}"
