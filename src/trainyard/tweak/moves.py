"""Lists of moves: made, joined, compared. What each kind does is in docs/reference/tweaking.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from trainyard.runs.files import Move, Spec

_ONCE = frozenset(
    {
        "epochs",
        "batch_size",
        "learning_rate",
        "optimizer",
        "patience",
        "stop",
        "bn_momentum",
        "input_batchnorm",
    }
)
"""Kinds of which only the last counts."""


def move(kind: str, reason: str, **args: Any) -> Move:
    return Move(kind=kind, args=args, reason=reason)


def joined(before: Iterable[Move], more: Iterable[Move]) -> list[Move]:
    """`before` followed by `more`, where later settings replace earlier ones; both whole against trial 0."""
    found = list(before)
    for one in more:
        if one.kind == "set_params":
            earlier = next((m for m in found if m.kind == "set_params"), None)
            if earlier is not None:
                found.remove(earlier)
                params = {**earlier.args["params"], **one.args["params"]}
                found.append(Move(kind=one.kind, args={"params": params}, reason=one.reason))
                continue
        replaced = {one.kind} & _ONCE
        if one.kind == "optimizer":
            replaced = {"optimizer", "learning_rate"}  # a new optimizer comes with its own rate
        found = [m for m in found if m.kind not in replaced]
        found.append(one)
    return found


def signature(spec: Spec) -> str:
    """Equal for specs that would train the same thing, whatever their reasons say."""
    moves = [[m.kind, m.args] for m in spec.moves]
    return json.dumps([spec.parent, moves], sort_keys=True)
