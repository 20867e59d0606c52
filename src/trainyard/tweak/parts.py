"""Single moves as the diagnosis calls for them: rate, length, scaling, dropout. Pure."""

from __future__ import annotations

from typing import Any

from trainyard.policy import Policy
from trainyard.runs.files import Move
from trainyard.tweak import budget, capacity
from trainyard.tweak.curves import Curve, curve
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.moves import move
from trainyard.tweak.network import CONVOLUTIONS, POOLED_HEADS, RECURRENT, Network
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.settings import hindrances, layer_hindrances
from trainyard_harness.moves.graph import CHANNEL

ADAPTIVE = ("Adam", "AdamW", "Nadam", "RMSprop", "Adamax")
BOLD_RATE = 2e-3
BOLD_RECURRENT_RATE = 5e-3
"""Adam's rates for small networks with few updates; the plateau rule lowers them when too coarse."""
NEAR = 0.04
"""A miss of the target by at most this is a near miss: the trained weights are worth keeping."""
SMALLEST_IMAGE = 8
SHORTEST_SEQUENCE = 16
SLOW = 0.97
"""Momentum of BatchNormalization beyond which its averages take longer than small data has."""
PENALTY = 0.003
"""Of 300 inputs 0.001 to 0.01 found the three that tell; with much more a network answers nothing."""
SAMPLES_PER_INPUT = 4
"""Samples for each input under which a price on them comes before dropout."""


class Parts:
    """What is known of the best trial, and the moves that follow from it one by one.

    Args:
        best: the trial to build on.
        findings: its diagnosis.
        bar: what the selection number has to reach (`trainyard.gate.bar`).
    """

    def __init__(self, best: TrialRecord, findings: list[Finding], policy: Policy, bar: float) -> None:
        self.best, self.policy = best, policy
        self.findings = {one.kind: one for one in reversed(findings)}
        self.network = Network(best.architecture)
        self.momentum = budget.momentum(best, self.network)
        self.goal = budget.goal(policy, bar, best.selection)
        self.held = best.value
        self.near = self.held is not None and policy.direction == "max" and self.held >= policy.target - NEAR
        self.curve: Curve = curve(best)
        self.broken = self.has(Kind.DIVERGED, Kind.DEAD)
        overfit = self.findings.get(Kind.OVERFIT)
        self.overfits_badly = overfit is not None and overfit.confidence >= 1
        """The gap is so wide that the diagnosis is as sure as it gets."""

    def has(self, *kinds: Kind) -> bool:
        return any(kind in self.findings for kind in kinds)

    def rate(self) -> list[Move]:
        """A rate that learns: down where it diverged, up where too few updates at a low one did nothing."""
        network, rate = self.network, self.network.rate
        if not network.optimizer:
            return []
        if rate is None:
            return self._unscheduled()
        usual = network.usual_rate
        bold = BOLD_RECURRENT_RATE if network.recurrent else BOLD_RATE
        too_high = rate > 1.5 * usual
        overfit = self.has(Kind.OVERFIT) and not self.has(Kind.UNLEARNABLE)
        if self.has(Kind.DIVERGED) or (self.has(Kind.DEAD) and too_high):
            new = float(f"{usual if rate >= 3 * usual else rate / 5:.2g}")
        elif network.optimizer not in ADAPTIVE and not overfit:
            text = f"replaced {network.optimizer} by Adam at {bold:g}"
            return [move("optimizer", text, class_name="Adam", config={"learning_rate": bold})]
        elif rate >= 10 * usual:
            new = usual
        elif rate < 0.9 * bold and not (overfit and rate >= usual / 2):
            new = bold
        else:
            return []
        return [self.set_rate(rate, new)]

    def _unscheduled(self) -> list[Move]:
        """A plain rate where a schedule of the script's own led nowhere."""
        if not self.has(Kind.DIVERGED, Kind.DEAD, Kind.UNDERFIT):
            return []
        rate = BOLD_RECURRENT_RATE if self.network.recurrent else BOLD_RATE
        if self.network.optimizer not in ADAPTIVE:
            text = f"replaced {self.network.optimizer} and its schedule by Adam at {rate:g}"
            return [move("optimizer", text, class_name="Adam", config={"learning_rate": rate})]
        text = f"replaced the schedule of the learning rate by {rate:g}"
        return [move("learning_rate", text, learning_rate=rate)]

    def set_rate(self, rate: float, new: float) -> Move:
        word = "raised" if new > rate else "lowered"
        return move("learning_rate", f"{word} the learning rate from {rate:g} to {new:g}", learning_rate=new)

    def long(self, updates: int = budget.UPDATES) -> list[Move]:
        """As many epochs as weights need to settle, with a stop where they have."""
        return self.epochs(budget.epochs_for(self.best, self.network, updates))

    def epochs(self, epochs: int, patience: int | None = None) -> list[Move]:
        """So many epochs at most, ended by a plateau or well beyond the target."""
        patience = patience or budget.patience(epochs)
        enough = self.goal + 0.25 * (1 - self.goal)
        known = self.policy.direction == "max" and 0 < enough < 1
        size = budget.batch_size(self.best, self.network)
        found = [
            *(
                [move("batch_size", f"batches of {size} samples", batch_size=size)]
                if size != self.network.batch_size
                else []
            ),
            move("epochs", f"trained for up to {epochs} epochs", epochs=epochs),
            move(
                "stop",
                "stopping at a plateau or well beyond the target",
                patience=patience,
                enough=round(enough, 4) if known else None,
                **({"gain": round(budget.error(self.goal, self.best.selection) / 2, 4)} if known else {}),
            ),
        ]
        if "EarlyStopping" in (self.network.training.get("callbacks") or []):
            found.append(move("patience", "the script's own EarlyStopping waits as long", patience=patience))
        return found

    def scaled(self) -> list[Move]:
        if not self.has(Kind.UNSCALED):
            return []
        text = "put BatchNormalization in front to scale the inputs"
        return [move("input_batchnorm", text, momentum=self.momentum)]

    def bent(self) -> list[Move]:
        """relu for layers that saturate, and for those without an activation."""
        saturated = [
            one.name
            for one in self.network.hidden
            if one.activation in ("sigmoid", "tanh") and one.kind not in RECURRENT
        ]
        names = saturated if self.has(Kind.SATURATED) else []
        names += [one.name for one in self.network.straight]
        if not names:
            return []
        return [
            move("activation", f"changed {', '.join(names)} to relu", layers=dict.fromkeys(names, "relu"))
        ]

    def usual_settings(self) -> dict[str, dict[str, Any]]:
        """By layer, the settings that a model of a class of the script's own is to be made with instead."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.network.layers:
            momentum = one.config.get("momentum")
            if (
                one.kind == "BatchNormalization"
                and isinstance(momentum, float)
                and momentum > SLOW > self.momentum
            ):
                found[one.name] = {"momentum": self.momentum}
            elif (
                one.activation in ("sigmoid", "tanh")
                and one.kind not in RECURRENT
                and self.has(Kind.SATURATED)
            ):
                found[one.name] = {"activation": "relu"}
        for hindrance in layer_hindrances(self.network):
            for name, value in hindrance.move.args["layers"].items():
                key = {"dropout": "rate", "finer": "pool_size", "initializer": "kernel_initializer"}.get(
                    hindrance.move.kind
                )
                layer = next(one for one in self.network.layers if one.name == name)
                if key in layer.config:
                    found.setdefault(name, {})[key] = value
        return found

    def freed(self) -> list[Move]:
        """Usual settings for those of the script's own that hold it back."""
        return [one.move for one in hindrances(self.network)] if self.has(Kind.HELD_BACK) else []

    def settled_averages(self) -> list[Move]:
        """BatchNormalization of the script's own whose averages settle too slowly for so few updates."""
        slow = [
            one
            for one in self.network.of("BatchNormalization")
            if isinstance(one.config.get("momentum"), float) and one.config["momentum"] > SLOW
        ]
        if not slow or self.momentum > SLOW:
            return []
        text = f"BatchNormalization momentum {self.momentum:g}, for averages that settle within an epoch"
        return [move("bn_momentum", text, momentum=self.momentum)]

    def dropped(self, rate: float) -> list[Move]:
        """Dropout behind the layers that join features, where there is less of it."""
        network = self.network
        present = [one.config.get("rate") for one in network.layers if one.kind.endswith("Dropout")]
        if any(isinstance(value, float) and value >= rate for value in present):
            return []
        dense = [one.name for one in network.hidden if capacity.family(one) == "dense"]
        recurrent = [one.name for one in network.hidden if capacity.family(one) == "rnn"]
        flat = [one.name for one in network.of("Flatten", "GlobalAveragePooling2D")]
        places = dense or recurrent[-1:] or flat[-1:]
        if not places:
            return []
        text = f"dropout of {rate:g} behind {', '.join(places)}"
        return [move("dropout", text, layers=dict.fromkeys(places, rate))]

    def shifted(self, convolve: Move | None = None) -> list[Move]:
        """Small shifts of training images: a class of object seldom depends on a pixel more or less.

        Args:
            convolve: the move that gives the network its convolutions, where it has none so far.
        """
        network = self.network
        if any(one.kind.startswith("Random") for one in network.layers):
            return []
        if convolve is None:
            images, reshaped = network.convolutional, any(one.name == CHANNEL for one in network.layers)
        else:
            images, reshaped = "rank" not in convolve.args, bool(convolve.args.get("reshape"))
        if not images or not (reshaped or len(self.sample_shape) == 3):
            return []
        settings = {"height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"}
        text = "small random shifts of the training images"
        layers = [["RandomTranslation", settings]]
        return [move("augment", text, layers=layers, **({"after": CHANNEL} if reshaped else {}))]

    def penalised(self) -> list[Move]:
        """A price on the weights of the inputs, so that those that tell nothing go (Tibshirani 1996)."""
        first = next((one for one in self.network.layers if one.width is not None), None)
        if (
            first is None
            or first.kind != "Dense"
            or len(self.sample_shape) != 1
            or first not in self.network.hidden
        ):
            return []
        if first.config.get("kernel_regularizer"):
            return []
        text = f"a price of {PENALTY:g} on the weights of {first.name} (L1)"
        return [move("penalise", text, layers={first.name: PENALTY})]

    @property
    def many_inputs(self) -> bool:
        """Whether there are so many inputs for so few samples that some fit by luck."""
        shape, n = self.sample_shape, self.best.n_train
        return len(shape) == 1 and n is not None and shape[0] * SAMPLES_PER_INPUT > n

    def convolved(self) -> list[Move]:
        """Convolutions in front of a network that sees images or sequences as rows of numbers."""
        network, shape = self.network, self.sample_shape
        first = next((one for one in network.layers if one.kind != "InputLayer"), None)
        if first is None or first.kind != "Flatten" or network.recurrent or network.of(*CONVOLUTIONS):
            return []
        if len(shape) in (2, 3) and min(shape[:2]) >= SMALLEST_IMAGE and (len(shape) == 2 or shape[2] <= 4):
            text = "put two convolution blocks of 16 and 32 filters in front, since the inputs are images"
            reshape = [*shape, 1] if len(shape) == 2 else None
            return [move("convolve", text, filters=[16, 32], reshape=reshape, momentum=self.momentum)]
        if len(shape) == 2 and shape[0] >= SHORTEST_SEQUENCE:
            text = "put two convolution blocks of 16 and 32 filters in front, since the inputs are sequences"
            return [
                move("convolve", text, filters=[16, 32], momentum=self.momentum, rank=1, size=5),
                move("head", f"replaced {first.name} by global max pooling", layer=first.name, to="gmp"),
            ]
        return []

    def phrased(self) -> list[Move]:
        """A convolution in front of a head that takes words by themselves, whatever their order."""
        network = self.network
        embedding = next(iter(network.of("Embedding")), None)
        if embedding is None or network.recurrent or network.of(*CONVOLUTIONS, "MultiHeadAttention"):
            return []
        behind = network.layers[network.layers.index(embedding) + 1 :]
        following = [one.kind for one in behind if not one.kind.endswith(("Dropout", "Dropout1D"))]
        if not following or following[0] not in (*POOLED_HEADS, "Flatten"):
            return []
        text = (
            f"put a convolution of 64 filters behind {embedding.name}, which tells words by their neighbours"
        )
        return [move("conv_block", text, after=embedding.name, filters=64, momentum=self.momentum, rank=1)]

    @property
    def sample_shape(self) -> list[int]:
        data = self.best.metrics.data if self.best.metrics else None
        shape = data.shape if data else []
        return [one for one in shape if one] if shape and all(shape) else []

    def short(self) -> str:
        """How far the held-out number is from the target, in words."""
        if self.held is None:
            return "there is no held-out number yet"
        if self.policy.reaches(self.held, self.policy.target):
            return f"the number to choose by is {self.held:.3f}, but a look at the report part fell short"
        missed = abs(self.policy.target - self.held)
        return f"the held-out number {self.held:.3f} is {missed:.3f} short of the target"

    def why(self, *kinds: Kind) -> str:
        """The sentence of the first of these findings that there is."""
        for kind in kinds:
            if kind in self.findings:
                return self.findings[kind].sentence.rstrip(".")
        return self.short()
