"""What each move promises: whether it preserves the function, and its inverse; and what models cost."""

from __future__ import annotations

import math
from typing import Any

from trainyard_harness.moves import edits
from trainyard_harness.moves.graph import Graph

PRESERVES: dict[str, str] = {
    "widen": "always",
    "deepen": "always",
    "batchnorm": "inference",
    "bn_momentum": "inference",
    "dropout": "inference",
    "augment": "inference",
    "penalise": "inference",
    "trainable": "always",
}
"""Moves that leave the parent's outputs as they are, to 1e-5, with inherited weights; in `inference` only, or
`always`.

What adds layers that learn, changes activations or takes layers out preserves nothing.
"""


def inverse(graph: Graph, move: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The moves that undo one: after them all but names and initializers is as in `graph`.

    Args:
        graph: before the move.

    Returns:
        None for moves that have no inverse: `remove`, those of no architecture, a penalty in another's place.

    Raises:
        MoveError: the move itself does not fit.
    """
    kind, args = move["kind"], move["args"]
    if kind not in edits.EDITS or kind == "remove":
        return None
    after = Graph(graph.config(), graph.sequential)
    edits.apply(after, move)
    added = [name for name in after.names() if name not in graph.names()]
    if kind in ("widen", "narrow"):
        back = "narrow" if kind == "widen" else "widen"
        return [_move(back, layers={name: _width(graph.layer(name)) for name in args["layers"]})]
    if kind in ("activation", "bn_momentum", "penalise", "trainable", "finer"):
        return _set_back(graph, kind, args.get("layers") or {})
    if kind == "head":
        old = graph.layer(args["layer"])["class_name"]
        return [_move(kind, layer=added[0], to=next(to for to, kinds in edits.HEADS.items() if old in kinds))]
    undone = [_move("remove", layers=list(reversed(added)))] if added else []
    if kind == "dropout":
        rates = {
            name: layer["config"]["rate"]
            for name in graph.names()
            if (layer := graph.layer(name))["class_name"].endswith("Dropout")
            and layer["config"]["rate"] != after.layer(name)["config"]["rate"]
        }
        undone += [_move(kind, layers=rates)] if rates else []
    return undone


def _set_back(graph: Graph, kind: str, layers: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The moves that give layers the settings again that they have in `graph`."""
    if kind == "bn_momentum":
        return [_move(kind, momentum=m, layers=names) for m, names in _momenta(graph).items()]
    if kind == "activation":
        return [_move(kind, layers={name: graph.layer(name)["config"]["activation"] for name in layers})]
    if kind == "trainable":
        return [_move(kind, layers={name: graph.layer(name)["config"]["trainable"] for name in layers})]
    if kind == "finer":
        return [_move(kind, layers={name: _step(graph.layer(name)["config"]) for name in layers})]
    before = {name: graph.layer(name)["config"].get("kernel_regularizer") for name in layers}
    if any(one is not None and one["class_name"] != "L1" for one in before.values()):
        return None
    return [_move(kind, layers={name: one and one["config"]["l1"] for name, one in before.items()})]


def macs(layers: list[dict[str, Any]]) -> int:
    """Multiply-adds of one sample's way through: each weight counts once per place that it is used at.

    Args:
        layers: as in architecture.json, with `output_shape` and `params`. Recurrent layers are used once per
            step of the sequence that reaches them.
    """
    total, steps = 0, 1
    for layer in layers:
        shape = [int(one) for one in (layer.get("output_shape") or [])[1:] if one]
        weights, kind = int(layer.get("params") or 0), str(layer.get("class_name"))
        if kind in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
            total += weights * steps
        elif kind != "Embedding":
            total += weights * (math.prod(shape[:-1]) if len(shape) > 1 else 1)
        steps = shape[0] if len(shape) == 2 else steps
    return total


def _move(kind: str, **args: Any) -> dict[str, Any]:
    return {"kind": kind, "args": args, "reason": ""}


def _width(layer: dict[str, Any]) -> int:
    while layer["class_name"] in ("Bidirectional", "TimeDistributed"):
        layer = layer["config"]["layer"]
    return int(layer["config"][edits.WIDTH[layer["class_name"]]])


def _step(config: dict[str, Any]) -> int:
    size = config.get("pool_size", config["strides"])
    return int(size[0] if isinstance(size, list | tuple) else size)


def _momenta(graph: Graph) -> dict[float, list[str]]:
    found: dict[float, list[str]] = {}
    for name in graph.names():
        layer = graph.layer(name)
        if layer["class_name"] == "BatchNormalization":
            found.setdefault(layer["config"]["momentum"], []).append(name)
    return found
