"""Steps for networks: which moves the diagnosis calls for, the boldest reasonable combination first. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard.policy import Policy
from trainyard.runs.files import Move
from trainyard.tweak import budget, capacity
from trainyard.tweak.curves import curve, doublings_to
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.moves import move
from trainyard.tweak.network import Network
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.step import Step

NEAR = 0.04
"""A miss of the target by at most this is a near miss: the trained weights are worth keeping."""
ADAPTIVE = ("Adam", "AdamW", "Nadam", "RMSprop", "Adamax")
PROBE_EPOCHS = 40
BOLD_RATE = 2e-3
BOLD_RECURRENT_RATE = 5e-3
"""Adam's rates for small networks that train for few updates; the plateau rule lowers them when too coarse."""


def steps(best: TrialRecord, findings: list[Finding], policy: Policy) -> Iterator[Step]:
    """What could come next on top of the best trial, most promising first.

    Args:
        best: the best trial so far.
        findings: its diagnosis.
    """
    plan = _Plan(best, findings, policy)
    if not plan.network.editable:
        yield from plan.training_only()
        return
    for step in plan.ordered():
        if step is not None and step.moves:
            yield step


class _Plan:
    def __init__(self, best: TrialRecord, findings: list[Finding], policy: Policy) -> None:
        self.best, self.policy = best, policy
        self.findings = {one.kind: one for one in reversed(findings)}
        self.network = Network(best.architecture)
        self.momentum = budget.momentum(best, self.network)
        self.goal = budget.goal(policy, best.selection)
        self.held = best.value or 0.0
        self.near = policy.direction == "max" and self.held >= policy.target - NEAR
        self.curve = curve(best)

    def has(self, *kinds: Kind) -> bool:
        return any(kind in self.findings for kind in kinds)

    def ordered(self) -> Iterator[Step | None]:
        broken = self.has(Kind.DIVERGED, Kind.DEAD)
        if self.has(Kind.UNLEARNABLE) and not broken and not self.best.spec.moves:
            yield self.probed()
        overfit = self.findings.get(Kind.OVERFIT)
        surely_overfit = overfit is not None and overfit.confidence > 0.55
        if not broken and self.near and self.has(Kind.IMPROVING):
            yield self.continued()
        if not broken and self._enough_capacity() and self.has(Kind.IMPROVING):
            yield self.continued()
        if surely_overfit and not broken:
            yield self.regularised(0.3)
            yield self.regularised(0.5, wider=True)
        yield self.repaired()
        if not broken and self.has(Kind.IMPROVING):
            yield self.continued()
        yield self.settled()
        yield self.larger()
        yield self.regularised(0.3)
        yield self.larger(deeper=True)
        yield self.pooled()
        yield self.regularised(0.5, wider=True)

    # -- steps

    def continued(self) -> Step | None:
        """The same network from its own weights, for as many epochs as its curve asks for."""
        doublings = doublings_to(self.curve.val_score or self.curve.score, self.goal) or 1
        trained = max(1, self.curve.epochs)
        epochs = trained * (2 ** min(3, doublings) - 1)
        epochs = min(budget.MOST_EPOCHS, max(epochs, budget.epochs_for(self.best, self.network) // 2, 3))
        why = self._why(Kind.IMPROVING)
        moves = [move("epochs", f"trained on for {epochs} epochs", epochs=epochs), self._stop(epochs)]
        moves += self._faster()
        return Step(
            moves, f"trained on from trial {self.best.number} for up to {epochs} epochs because {why}", True
        )

    def settled(self) -> Step | None:
        """The same network from its own weights at a quarter of the rate: a plateau may be the rate's doing."""
        rate = self.network.rate
        if rate is None or not self.near or self.has(Kind.DIVERGED, Kind.DEAD):
            return None
        epochs = max(5, budget.epochs_for(self.best, self.network) // 3)
        new = float(f"{rate / 4:.2g}")
        moves = [
            move("learning_rate", f"lowered the learning rate from {rate:g} to {new:g}", learning_rate=new),
            move("epochs", f"for {epochs} epochs", epochs=epochs),
            self._stop(epochs),
        ]
        reason = (
            f"went on from trial {self.best.number} at a quarter of the rate because it is {self._short()}"
        )
        return Step(moves, reason, True)

    def repaired(self) -> Step | None:
        """Everything that the diagnosis says is wrong, put right at once, at widths that are surely enough."""
        network, moves = self.network, []
        why = [
            one.sentence.rstrip(".")
            for kind, one in self.findings.items()
            if kind not in (Kind.LITTLE_DATA, Kind.IMBALANCE, Kind.OVERFIT)
        ]
        if self.has(Kind.UNSCALED):
            text = "put BatchNormalization in front to scale the inputs"
            moves.append(move("input_batchnorm", text, momentum=self.momentum))
        if self.has(Kind.SATURATED):
            names = [one.name for one in network.hidden if one.activation in ("sigmoid", "tanh")]
            names = [
                name for name in names if name not in {r.name for r in network.of("LSTM", "GRU", "SimpleRNN")}
            ]
            moves.append(
                move("activation", f"changed {', '.join(names)} to relu", layers=dict.fromkeys(names, "relu"))
            )
        moves += capacity.widen(network)
        if self.has(Kind.DEAD):
            moves += capacity.normalise(network, self.momentum)
            moves.append(move("reinit", "started from other initial weights"))
        moves += self._momentum_of_existing()
        moves += self._rate()
        if not moves:
            return None
        moves += self._long()
        return Step(moves, _because(moves, why or [f"it is {self._short()}"]))

    def probed(self) -> Step | None:
        """Enough of everything to learn the training data by heart: tells too small a model from no rule at all."""
        moves = capacity.widen(self.network, 4.0)
        if self.has(Kind.UNSCALED):
            text = "put BatchNormalization in front to scale the inputs"
            moves.append(move("input_batchnorm", text, momentum=self.momentum))
        epochs = max(PROBE_EPOCHS, self.network.epochs)
        moves += [*self._rate(), move("epochs", f"trained for {epochs} epochs", epochs=epochs)]
        moves.append(self._stop(epochs, patience=epochs))
        return Step(moves, _because(moves, [f"{self._why(Kind.UNLEARNABLE)}; this shows if there is a rule at all"]))

    def larger(self, deeper: bool = False) -> Step | None:
        """Twice the widths, or another block. Dense and recurrent layers keep what they have learnt."""
        moves = capacity.deeper(self.network, self.momentum) if deeper else capacity.widen(self.network, 2.0)
        if not moves:
            return None
        if self.network.convolutional:
            moves += capacity.normalise(self.network, self.momentum)
        inherits = not deeper and not self.network.convolutional
        moves += [*self._rate(), *self._long()]
        return Step(moves, _because(moves, [f"it is {self._short()}"]), inherits)

    def regularised(self, rate: float, wider: bool = False) -> Step | None:
        """Dropout; for images small shifts and normalisation as well."""
        network = self.network
        moves = capacity.widen(network, 2.0 if wider else 1.0)
        if self.has(Kind.UNSCALED):
            text = "put BatchNormalization in front to scale the inputs"
            moves.append(move("input_batchnorm", text, momentum=self.momentum))
        places = self._dropout_places()
        if places:
            text = f"dropout of {rate:g} behind {', '.join(places)}"
            moves.append(move("dropout", text, layers=dict.fromkeys(places, rate)))
        if network.convolutional:
            moves += capacity.normalise(network, self.momentum)
            if not any(one.name.startswith("ty_augment") for one in network.layers):
                shift = [
                    [
                        "RandomTranslation",
                        {"height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"},
                    ]
                ]
                moves.append(move("augment", "small random shifts of the training images", layers=shift))
        moves += [*self._momentum_of_existing(), *self._rate(), *self._long(2 * budget.UPDATES)]
        return Step(moves, _because(moves, [self._why(Kind.OVERFIT)]))

    def pooled(self) -> Step | None:
        """The other head: global pooling sees a shape wherever it is, flattening knows the place."""
        network = self.network
        flat = [one for one in network.of("Flatten") if not one.name.startswith("ty_")]
        pooled = [one for one in network.of("GlobalAveragePooling2D") if not one.name.startswith("ty_")]
        if not network.convolutional or not (flat or pooled):
            return None
        layer, to = (flat[0], "gap") if flat else (pooled[0], "flatten")
        moves = [move("head", f"replaced {layer.name} by {to}", layer=layer.name, to=to)]
        moves += capacity.deeper(network, self.momentum) if to == "gap" else []
        moves += [*capacity.normalise(network, self.momentum), *self._rate(), *self._long()]
        return Step(moves, _because(moves, [f"it is {self._short()}"]))

    def training_only(self) -> Iterator[Step]:
        """For models whose layers can't be edited: rate and epochs."""
        if self.has(Kind.DIVERGED, Kind.DEAD) and (rate := self._rate()):
            yield Step([*rate, *self._long()], _because(rate, [self._why(Kind.DIVERGED, Kind.DEAD)]))
        for times in (3, 6):
            epochs = min(2 * budget.MOST_EPOCHS, times * self.network.epochs)
            moves = [move("epochs", f"trained for {epochs} epochs", epochs=epochs), self._stop(epochs)]
            yield Step(moves, _because(moves, [f"it is {self._short()}"]))
        rate_now = self.network.rate
        for factor in (3.0, 0.3):
            if rate_now:
                new = float(f"{rate_now * factor:.2g}")
                text = f"changed the learning rate from {rate_now:g} to {new:g}"
                moves = [move("learning_rate", text, learning_rate=new), *self._long()]
                yield Step(moves, _because(moves, [f"it is {self._short()}"]))

    # -- parts of steps

    def _rate(self) -> list[Move]:
        """A rate that learns: down where it diverged, up where too few updates at a low one did nothing."""
        network, rate = self.network, self.network.rate
        if rate is None or not network.optimizer:
            return []
        usual = network.usual_rate
        bold = BOLD_RECURRENT_RATE if network.recurrent else BOLD_RATE
        if self.has(Kind.DIVERGED) or (self.has(Kind.DEAD) and rate > usual):
            new = float(f"{usual if rate >= 3 * usual else rate / 5:.2g}")
        elif network.optimizer not in ADAPTIVE and not self.has(Kind.OVERFIT):
            text = f"replaced {network.optimizer} by Adam at {bold:g}"
            return [move("optimizer", text, class_name="Adam", config={"learning_rate": bold})]
        elif rate >= 10 * usual:
            new = usual
        elif rate < bold and not (self.has(Kind.OVERFIT) and rate >= usual / 2):
            new = bold
        else:
            return []
        word = "raised" if new > rate else "lowered"
        return [move("learning_rate", f"{word} the learning rate from {rate:g} to {new:g}", learning_rate=new)]

    def _faster(self) -> list[Move]:
        """When going on: a rate far under the usual one is raised to it, others are left."""
        rate, usual = self.network.rate, self.network.usual_rate
        if rate is None or rate >= usual / 2:
            return []
        return [
            move("learning_rate", f"raised the learning rate from {rate:g} to {usual:g}", learning_rate=usual)
        ]

    def _long(self, updates: int = budget.UPDATES) -> list[Move]:
        epochs = budget.epochs_for(self.best, self.network, updates)
        return [move("epochs", f"trained for up to {epochs} epochs", epochs=epochs), self._stop(epochs)]

    def _stop(self, epochs: int, patience: int | None = None) -> Move:
        enough = min(0.995, self.goal + 0.25 * (1 - self.goal)) if self.policy.direction == "max" else None
        return move(
            "stop",
            "stopping at a plateau or well beyond the target",
            patience=patience or budget.patience(epochs),
            enough=enough if self.curve.val_score and enough and enough > 0 else None,
        )

    def _momentum_of_existing(self) -> list[Move]:
        slow = [
            one for one in self.network.of("BatchNormalization") if _number(one.config.get("momentum")) > 0.97
        ]
        if not slow or self.momentum > 0.97:
            return []
        text = f"BatchNormalization momentum {self.momentum:g}, for averages that settle within an epoch"
        return [move("bn_momentum", text, momentum=self.momentum)]

    def _dropout_places(self) -> list[str]:
        network = self.network
        dense = [one.name for one in network.hidden if capacity.family(one) == "dense"]
        if dense:
            return dense
        recurrent = [one.name for one in network.hidden if capacity.family(one) == "rnn"]
        return recurrent[-1:] or [one.name for one in network.of("Flatten", "GlobalAveragePooling2D")][-1:]

    def _enough_capacity(self) -> bool:
        return not capacity.widths(self.network) and not self.has(Kind.UNSCALED, Kind.STARVED, Kind.SATURATED)

    def _short(self) -> str:
        return (
            f"{abs(self.policy.target - self.held):.3f} short of the target"
            if self.held
            else "below the target"
        )

    def _why(self, *kinds: Kind) -> str:
        for kind in kinds:
            if kind in self.findings:
                return self.findings[kind].sentence.rstrip(".")
        return f"it is {self._short()}"


def _because(moves: list[Move], why: list[str]) -> str:
    told = [one.reason for one in moves if one.kind not in ("stop",)]
    return f"{'; '.join(told)}. Why: {'; '.join(why)}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
