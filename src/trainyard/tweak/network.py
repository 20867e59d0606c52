"""A network's architecture as the tweaker reads it out of architecture.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH = {"Dense": "units", "Embedding": "output_dim", "LSTM": "units", "GRU": "units", "SimpleRNN": "units"}
CONVOLUTIONS = ("Conv1D", "Conv2D", "SeparableConv1D", "SeparableConv2D")
RECURRENT = ("LSTM", "GRU", "SimpleRNN")
NESTED = ("Functional", "Sequential", "Model")
"""A network as a layer of another."""
_BENT = ("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "ThresholdedReLU", "Lambda", "GlobalMaxPooling1D",
         "GlobalMaxPooling2D", "MaxPooling1D", "MaxPooling2D")  # fmt: skip
"""Layers without weights that are no straight map, or of which that is not known."""
POOLED_HEADS = (
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
)
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Dot")
_RATES = {"Adam": 1e-3, "AdamW": 1e-3, "Nadam": 1e-3, "Adamax": 1e-3, "RMSprop": 1e-3, "SGD": 1e-2}
"""The rates that Keras itself takes where nothing is said."""


@dataclass(frozen=True)
class Layer:
    """One layer. `kind` is the class inside Bidirectional or TimeDistributed where it is wrapped."""

    name: str
    kind: str
    config: dict[str, Any]
    shape: tuple[int | None, ...]
    params: int
    trainable: bool
    made_at: tuple[str, ...] = ()
    """The calls in pushed code that made it, innermost first."""
    turn: int | None = None
    """As the how manieth a PyTorch script makes it."""
    sizes: tuple[int, ...] = ()
    """Of a PyTorch layer: what goes in and what comes out; of one that keeps the size, that."""

    @property
    def width(self) -> int | None:
        setting = "filters" if self.kind in CONVOLUTIONS else WIDTH.get(self.kind)
        value = self.config.get(setting) if setting else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def activation(self) -> str:
        value = self.config.get("activation")
        return value if isinstance(value, str) else ""


class Network:
    """Layers, loss, optimizer and training settings of one trial; what is odd in the file reads as absent."""

    def __init__(self, architecture: dict[str, Any]) -> None:
        self.kind = str(architecture.get("kind", ""))
        raw = architecture.get("layers")
        self.layers = [_layer(one) for one in raw if isinstance(one, dict)] if isinstance(raw, list) else []
        compiled = _dict(architecture.get("compile"))
        loss = compiled.get("loss")
        self.loss = loss.lower() if isinstance(loss, str) else ""
        optimizer = _dict(compiled.get("optimizer"))
        self.optimizer = str(optimizer.get("class_name", ""))
        self.optimizer_config = _dict(optimizer.get("config"))
        self.training = _dict(architecture.get("training"))
        self.parameters = _int(architecture.get("parameters")) or 0
        self._outputs = _outputs(architecture, self.layers)

    @property
    def editable(self) -> bool:
        """Whether the harness can change its architecture."""
        return self.kind in ("sequential", "functional") and bool(self.layers)

    @property
    def output(self) -> Layer | None:
        """The layer that answers; None where there are several."""
        found = [layer for layer in self.layers if layer.name in self._outputs]
        return found[0] if len(found) == 1 else None

    @property
    def hidden(self) -> list[Layer]:
        """Trainable layers with a width that are not outputs, embeddings left out."""
        return [
            layer
            for layer in self.layers
            if layer.width is not None
            and layer.trainable
            and layer.kind != "Embedding"
            and layer.name not in self._outputs
        ]

    def of(self, *kinds: str) -> list[Layer]:
        return [layer for layer in self.layers if layer.kind in kinds]

    @property
    def straight(self) -> list[Layer]:
        """Hidden dense layers and convolutions with nothing but straight maps up to the next weights.

        Where branches meet, what follows is not told.
        """
        if self.merges or self.of("Concatenate"):
            return []
        found: list[Layer] = []
        waiting: Layer | None = None
        for layer in self.layers:
            if layer.kind in _BENT or (layer.width is None and layer.activation not in ("", "linear")):
                waiting = None
            elif layer.width is not None:
                found += [waiting] if waiting else []
                flat = layer.activation == "linear" and layer.kind in ("Dense", *CONVOLUTIONS)
                waiting = layer if flat and layer in self.hidden else None
        return found

    @property
    def convolutional(self) -> bool:
        return bool(self.of("Conv2D", "SeparableConv2D"))

    @property
    def recurrent(self) -> bool:
        return bool(self.of(*RECURRENT))

    @property
    def merges(self) -> bool:
        """Whether branches meet where their widths have to agree."""
        return bool(self.of(*MERGING))

    @property
    def rate(self) -> float | None:
        """The learning rate, where it is a number."""
        value = self.optimizer_config.get("learning_rate")
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def usual_rate(self) -> float:
        return _RATES.get(self.optimizer, 1e-3)

    @property
    def epochs(self) -> int:
        return _int(self.training.get("epochs")) or 1

    @property
    def batch_size(self) -> int:
        return _int(self.training.get("batch_size")) or 32

    @property
    def normalises_input(self) -> bool:
        """Whether a layer that scales stands before the first layer that learns."""
        for layer in self.layers:
            if layer.kind in ("Normalization", "BatchNormalization", "Rescaling", "LayerNormalization"):
                return True
            if layer.width is not None:
                return layer.kind == "Embedding"
        return False

    @property
    def regularised(self) -> bool:
        return any(layer.kind.endswith("Dropout") for layer in self.layers)


def _layer(raw: dict[str, Any]) -> Layer:
    config, kind = _dict(raw.get("config")), str(raw.get("class_name", ""))
    trainable = config.get("trainable") is not False
    while kind in ("Bidirectional", "TimeDistributed") and isinstance(config.get("layer"), dict):
        kind, config = str(config["layer"].get("class_name", "")), _dict(config["layer"].get("config"))
    shape, made_at, made = raw.get("output_shape"), raw.get("made_at"), _dict(raw.get("made"))
    sizes = made.get("sizes")
    return Layer(
        name=str(raw.get("name", "")),
        kind=kind,
        config=config,
        shape=tuple(_int(one) for one in shape) if isinstance(shape, list) else (),
        params=_int(raw.get("params")) or 0,
        trainable=trainable,
        made_at=tuple(str(one) for one in made_at) if isinstance(made_at, list) else (),
        turn=_int(made.get("turn")),
        sizes=tuple(_int(one) or 0 for one in sizes) if isinstance(sizes, list) else (),
    )


def _outputs(architecture: dict[str, Any], layers: list[Layer]) -> set[str]:
    if architecture.get("kind") == "functional":
        named = _dict(architecture.get("config")).get("output_layers")
        if isinstance(named, list) and named:
            references = [named] if isinstance(named[0], str) else named
            found = {str(one[0]) for one in references if isinstance(one, list) and one}
            if found:
                return found
    return {layers[-1].name} if layers else set()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
