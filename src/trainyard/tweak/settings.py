"""Settings of the script's own that hold a network back, and the moves that change them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trainyard.runs.files import Move
from trainyard.tweak.moves import move
from trainyard.tweak.network import CONVOLUTIONS, NESTED, RECURRENT, Layer, Network

HEAVY_DROPOUT, LIGHT_DROPOUT = 0.6, 0.3
HEAVY_PENALTY = 0.01
"""Factor of L1 or L2 from which on the weights count for more than the answers, in small networks."""
COARSE_FIRST, COARSE = 3, 4
"""Steps of pooling or strides that leave too little: before any convolution, and behind one."""
FINE = 2
SPREAD = 0.5
"""Standard deviation of initial weights from which on a layer of some units starts out saturated."""
_WIDE = {"RandomNormal": "stddev", "TruncatedNormal": "stddev", "RandomUniform": "maxval"}
_POOLING = ("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D")


@dataclass(frozen=True)
class Hindrance:
    """What a person reads of one setting, and the move that changes it."""

    sentence: str
    move: Move


def hindrances(network: Network) -> Iterator[Hindrance]:
    """Of networks whose layers can be edited."""
    if network.editable:
        yield from layer_hindrances(network)


def layer_hindrances(network: Network) -> Iterator[Hindrance]:
    """Of any network whose layers are known."""
    for found in (_dropout, _penalty, _equal, _frozen, _coarse):
        yield from found(network)


def _dropout(network: Network) -> Iterator[Hindrance]:
    rates = {one.name: one.config.get("rate") for one in network.layers if one.kind.endswith("Dropout")}
    heavy = {name: rate for name, rate in rates.items() if _at_least(rate, HEAVY_DROPOUT)}
    if heavy:
        text = ", ".join(f"{name} drops {rate:g} of what it gets" for name, rate in heavy.items())
        yield _hindrance(text, f"dropout of {LIGHT_DROPOUT:g} in {', '.join(heavy)}", "dropout",
                         layers=dict.fromkeys(heavy, LIGHT_DROPOUT))  # fmt: skip


def _penalty(network: Network) -> Iterator[Hindrance]:
    heavy = {}
    for one in network.hidden:
        given = one.config.get("kernel_regularizer")
        factors = (given.get("config") or {}).values() if isinstance(given, dict) else ()
        if any(_at_least(factor, HEAVY_PENALTY) for factor in factors):
            heavy[one.name] = max(factor for factor in factors if isinstance(factor, float | int))
    if heavy:
        text = f"the weights of {', '.join(heavy)} cost up to {max(heavy.values()):g} each"
        told = f"no price on the weights of {', '.join(heavy)}"
        yield _hindrance(text, told, "penalise", layers=dict.fromkeys(heavy))


def _equal(network: Network) -> Iterator[Hindrance]:
    names = [one.name for one in network.layers if one.width and _starts_badly(one)]
    if names:
        text = f"{', '.join(names)} start from weights that are equal or far too large"
        functions = {one.name: _initializer(one) for one in network.layers if one.name in names}
        yield _hindrance(
            text, f"usual initial weights for {', '.join(names)}", "initializer", layers=functions
        )


def _starts_badly(layer: Layer) -> bool:
    given = layer.config.get("kernel_initializer") or layer.config.get("embeddings_initializer")
    if not isinstance(given, dict):
        return False
    kind, config = str(given.get("class_name")), given.get("config") or {}
    return kind in ("Zeros", "Ones", "Constant") or _at_least(config.get(_WIDE.get(kind, "")), SPREAD)


def _initializer(layer: Layer) -> str:
    if layer.kind == "Embedding":
        return "uniform"
    return "he_normal" if layer.activation == "relu" else "glorot_uniform"


def _frozen(network: Network) -> Iterator[Hindrance]:
    """Layers and networks inside the network; an embedding is more often frozen because it is pretrained."""
    names = [
        one.name
        for one in network.layers
        if not one.trainable and one.params and one.kind in ("Dense", *CONVOLUTIONS, *RECURRENT, *NESTED)
    ]
    if names:
        told = ", ".join(names)
        layers = dict.fromkeys(names, True)
        yield _hindrance(
            f"{told} may not learn (trainable=False)", f"let {told} learn", "trainable", layers=layers
        )


def _coarse(network: Network) -> Iterator[Hindrance]:
    limit, coarse = COARSE_FIRST, {}
    for layer in network.layers:
        convolves = layer.kind in CONVOLUTIONS
        size = layer.config.get("strides" if convolves else "pool_size")
        if (convolves or layer.kind in _POOLING) and _at_least(size, limit):
            own = layer.config.get("strides")
            if own in (None, size):
                coarse[layer.name] = size if isinstance(size, int) else max(size or (1,))
        limit = COARSE if convolves else limit
    if coarse:
        text = ", ".join(
            f"{name} keeps one place of {size} in each direction" for name, size in coarse.items()
        )
        told = f"steps of {FINE} in {', '.join(coarse)}"
        yield _hindrance(text, told, "finer", layers=dict.fromkeys(coarse, FINE))


def _at_least(value: Any, limit: float) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_at_least(one, limit) for one in value)
    return isinstance(value, float | int) and not isinstance(value, bool) and value >= limit


def _hindrance(sentence: str, told: str, kind: str, **args: Any) -> Hindrance:
    return Hindrance(f"{sentence[0].upper()}{sentence[1:]}.", move(kind, told, **args))
