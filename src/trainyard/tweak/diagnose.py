"""Diagnosis: from one trial's curves, architecture and data to findings with evidence. Pure."""

from __future__ import annotations

import math

from trainyard.policy import Policy
from trainyard.tweak import estimators
from trainyard.tweak.curves import Curve, curve, doublings_to, falling
from trainyard.tweak.estimator_traits import LIMITS, STRAIGHT
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.network import POOLED_HEADS, Network
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.settings import hindrances

MEMORISED = 0.98
"""Training accuracy beyond which more training has nothing left to learn from."""
GAP = 0.08
"""Training minus held-out accuracy from which on a model is said to overfit."""
LARGE_INPUT = 20.0
"""Inputs of this size make a default initialisation start far from where it can learn."""
SIGMAS = 3.0
"""Held-out numbers within so many standard errors of guessing are guessing."""


def before_training(record: TrialRecord) -> list[Finding]:
    """What the harness named before the first step that no architecture mends: wrong head, loss or labels."""
    seen = record.metrics.mistakes if record.metrics else []
    return [Finding(Kind.WRONG_HEAD, 0.95, one.sentence) for one in seen if one.hopeless][:1]


def _doubts(record: TrialRecord) -> list[Finding]:
    """What the harness named that trains all the same, though not as meant."""
    seen = record.metrics.mistakes if record.metrics else []
    return [Finding(Kind.DOUBTFUL, 0.3, one.sentence) for one in seen if not one.hopeless]


def diagnose(record: TrialRecord, policy: Policy | None = None) -> list[Finding]:
    """What a trial's numbers show, most certain first. Estimators without curves give fewer findings."""
    policy = policy or Policy()
    network, seen = Network(record.architecture), curve(record)
    held = record.value if policy.direction == "max" else None
    if held is not None and record.report is not None:
        held = min(held, record.report.value)  # a look that failed: the part to choose by is the easier one
    found = [*before_training(record), *_doubts(record)]
    found += _diverged(network, seen)
    chance = _chance(record)
    if not any(one.kind == Kind.DIVERGED for one in found):
        found += _dead(network, seen, chance)
    broken = any(one.kind in (Kind.DIVERGED, Kind.DEAD) for one in found)
    if not broken:
        found += _unlearnable(record, seen, chance, held)
        found += _fit(seen, held, policy, chance)
    found += _limited(record, policy)
    found += _input(record, network)
    found += _head(record, network)
    found += [*_saturated(network), *_straight(network)]
    if not any(one.kind == Kind.OVERFIT for one in found):
        found += [Finding(Kind.HELD_BACK, 0.65, one.sentence) for one in hindrances(network)]
    found += _data(record, chance, held)
    return sorted(found, key=lambda one: -one.confidence)


def _diverged(network: Network, seen: Curve) -> list[Finding]:
    losses = seen.loss
    if not losses:
        return []
    rate = network.rate
    shown = f" at learning rate {rate:g}" if rate else ""
    if not all(math.isfinite(v) for v in losses):
        return [Finding(Kind.DIVERGED, 1.0, f"The loss stopped being a number{shown}: training diverged.")]
    too_high = rate is not None and rate >= 10 * network.usual_rate
    stuck = falling(losses) < 0.02 and (seen.train or 0.0) < MEMORISED
    rising = losses[-1] > 1.5 * min(losses) and losses[-1] > 0.9 * losses[0] and len(losses) > 2
    if rising or (too_high and stuck):
        word = "rose" if rising else "did not fall any more"
        confidence = 0.9 if too_high else 0.6
        text = f"The loss {word} ({losses[0]:.3g} to {losses[-1]:.3g}){shown}"
        text += f", over ten times {network.optimizer}'s usual {network.usual_rate:g}" if too_high else ""
        return [Finding(Kind.DIVERGED, confidence, f"{text}: the rate is too high.", {"rate": rate or 0.0})]
    return []


def _dead(network: Network, seen: Curve, chance: float | None) -> list[Finding]:
    if not seen.loss or seen.train is None or chance is None or seen.epochs < 2:
        return []
    flat = abs(seen.loss[0] - seen.loss[-1]) < 0.01 * abs(seen.loss[0])
    if flat and seen.train < chance + 0.05:
        text = f"Training accuracy stays at {seen.train:.2f} (guessing: {chance:.2f})"
        text += f" and the loss at {seen.loss[-1]:.3f}"
        return [Finding(Kind.DEAD, 0.7, f"{text}: no gradient reaches the weights.", {"train": seen.train})]
    return []


def _unlearnable(record: TrialRecord, seen: Curve, chance: float | None, held: float | None) -> list[Finding]:
    if (
        chance is None
        or held is None
        or not at_chance(held, chance, record.selection.n if record.selection else None)
    ):
        return []
    train = seen.train
    if train is not None and train > chance + 0.25:
        text = (
            f"Training accuracy reaches {train:.2f}, but held-out accuracy is {held:.2f}, no better than "
            f"guessing ({chance:.2f}): what is learnt are single samples, not a rule."
        )
        return [Finding(Kind.UNLEARNABLE, 0.9, text, {"train": train, "held": held, "chance": chance})]
    text = f"Held-out accuracy is {held:.2f}, no better than guessing ({chance:.2f})."
    return [Finding(Kind.UNLEARNABLE, 0.4, text, {"held": held, "chance": chance})]


def at_chance(held: float, chance: float, n: int | None) -> bool:
    """Whether an accuracy is within `SIGMAS` standard errors of always answering the commonest class."""
    error = math.sqrt(chance * (1 - chance) / n) if n else 0.02
    return held <= chance + SIGMAS * error


def _fit(seen: Curve, held: float | None, policy: Policy, chance: float | None) -> list[Finding]:
    train = seen.train
    if held is None:
        return []
    found = []
    if train is None:
        return _by_losses(seen, held)
    evidence = {"train": train, "held": held}
    numbers = f"training {train:.2f}, held-out {held:.2f}"
    gap = train - held
    if train < MEMORISED and falling(seen.loss) > 0.04:
        needed = doublings_to(seen.val_score or seen.score, min(policy.target + 0.02, 0.995))
        text = f"The loss was still falling when training stopped after {seen.epochs} epochs ({numbers})"
        text += f"; the curve reaches the target with {2**needed} times as many." if needed else "."
        extra = evidence if needed is None else {**evidence, "doublings": float(needed)}
        found.append(Finding(Kind.IMPROVING, 0.8, text, extra))
    if gap > GAP and train > policy.target - 0.05:
        text = f"It overfits: {numbers}."
        found.append(Finding(Kind.OVERFIT, min(1.0, 0.6 + 2 * (gap - GAP)), text, evidence))
    elif train < policy.target + 0.02 and gap <= GAP:
        text = f"It underfits: {numbers} both fall short of {policy.target:g}."
        found.append(Finding(Kind.UNDERFIT, min(1.0, 0.6 + (policy.target - train)), text, evidence))
    elif gap > GAP / 2:
        text = f"It overfits a little: {numbers}."
        found.append(Finding(Kind.OVERFIT, 0.5, text, evidence))
    return found


def _limited(record: TrialRecord, policy: Policy) -> list[Finding]:
    """An estimator that falls short of the target, and can learn nothing bent, or has other limits."""
    read = estimators.read(record.architecture)
    if read is None or record.value is None or policy.reaches(record.value, policy.target):
        return []
    name, held = read.name, record.value
    if read.search:
        text = f"{read.search} looks among the script's own values for {name}, and reaches {held:.2f}."
    elif name in STRAIGHT:
        text = f"{name} {STRAIGHT[name]}, and reaches {held:.2f}: what it is to learn may be bent."
    elif name in LIMITS:
        text = f"{name} {LIMITS[name]}, and reaches {held:.2f}: another estimator may be what is needed."
    else:
        return []
    return [Finding(Kind.UNDERFIT, 0.4, text, {"held": held})]


def _by_losses(seen: Curve, held: float) -> list[Finding]:
    """Without a training accuracy (regressions) the losses alone tell."""
    if not seen.loss:
        return []
    found = []
    evidence = {"loss": seen.loss[-1], "held": held}
    if falling(seen.loss) > 0.04:
        text = f"The loss was still falling when training stopped after {seen.epochs} epochs."
        found.append(Finding(Kind.IMPROVING, 0.8, text, evidence))
    if (
        seen.val_loss
        and seen.val_loss[-1] > 1.5 * seen.loss[-1]
        and seen.val_loss[-1] > 1.1 * min(seen.val_loss)
    ):
        losses = f"{seen.loss[-1]:.3g} in training, {seen.val_loss[-1]:.3g} in validation"
        text = f"It overfits: the loss is {losses}."
        found.append(Finding(Kind.OVERFIT, 0.7, text, evidence))
    elif not found:
        text = f"It underfits: the loss settled at {seen.loss[-1]:.3g} and the held-out number at {held:.3f}."
        found.append(Finding(Kind.UNDERFIT, 0.6, text, evidence))
    return found


def _input(record: TrialRecord, network: Network) -> list[Finding]:
    low, high = record.stat("x_min"), record.stat("x_max")
    if low is None or high is None or not network.layers or network.normalises_input:
        return []
    first = next((layer for layer in network.layers if layer.width is not None), None)
    size = max(abs(low), abs(high))
    if first is None or first.kind == "Embedding" or size < LARGE_INPUT:
        return []
    text = f"The inputs range from {low:.4g} to {high:.4g} and nothing scales them."
    return [Finding(Kind.UNSCALED, 0.85 if size > 100 else 0.7, text, {"x_min": low, "x_max": high})]


def _head(record: TrialRecord, network: Network) -> list[Finding]:
    output, classes = network.output, record.classes
    if output is None or not classes or classes < 3:
        return []
    for layer in network.hidden:
        if layer.kind == "Dense" and (layer.width or 0) < classes:
            text = f"Layer {layer.name} passes on {layer.width} numbers to tell {classes} classes apart."
            return [Finding(Kind.STARVED, 0.8, text, {"width": float(layer.width or 0)})]
    for layer in network.of(*POOLED_HEADS):
        channels = layer.shape[-1] if layer.shape else None
        if channels and channels < 2 * classes:
            text = f"Layer {layer.name} leaves {channels} numbers to tell {classes} classes apart."
            return [Finding(Kind.STARVED, 0.8, text, {"width": float(channels)})]
    return []


def _saturated(network: Network) -> list[Finding]:
    found = [one for one in network.hidden if one.activation in ("sigmoid", "tanh") and one.kind in _FEEDING]
    if len(found) < 2:
        return []
    names = ", ".join(one.name for one in found)
    return [Finding(Kind.SATURATED, 0.5, f"Layers {names} end in {found[0].activation}, which saturates.")]


def _straight(network: Network) -> list[Finding]:
    if not network.straight:
        return []
    names = ", ".join(one.name for one in network.straight)
    text = f"No activation follows {names}: without a bend several layers learn no more than one."
    return [Finding(Kind.STRAIGHT, 0.7, text)]


_FEEDING = ("Dense", "Conv1D", "Conv2D")


def _data(record: TrialRecord, chance: float | None, held: float | None) -> list[Finding]:
    found = []
    n, classes, minority = record.n_train, record.classes, record.stat("minority")
    if n and classes and n < 30 * classes:
        text = f"There are only {n} training samples for {classes} classes."
        found.append(Finding(Kind.LITTLE_DATA, 0.6, text, {"n": float(n)}))
    if chance is not None and classes and minority is not None and chance > 3 * minority and chance > 0.5:
        near = held is not None and held < chance + 0.03
        text = f"{chance:.0%} of the labels are of one class"
        text += f", and the model is no better than always answering it ({held:.2f})." if near else "."
        found.append(Finding(Kind.IMBALANCE, 0.8 if near else 0.4, text, {"majority": chance}))
    leaks = [note for note in (record.metrics.notes if record.metrics else []) if note.startswith("Leak")]
    if leaks:
        found.append(Finding(Kind.LEAK, 0.9, leaks[0]))
    return found


def _chance(record: TrialRecord) -> float | None:
    """The accuracy of always answering the commonest class."""
    majority = record.stat("majority")
    if majority is not None:
        return majority
    return 1 / record.classes if record.classes else None
