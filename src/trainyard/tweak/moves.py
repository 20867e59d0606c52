"""Lists of moves: made, joined, compared. What each kind does is in docs/reference/tweaking.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from trainyard.runs.files import Move, Race, Spec

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


def resolved(spec: Spec, race: Race | None) -> Spec:
    """The spec with its race, if it has one, replaced by what won: what the trial's model was built by."""
    held = next((one for one in spec.moves if one.kind == "race"), None)
    if held is None:
        return spec
    moves = [one for one in spec.moves if one is not held]
    if race is None:
        return msgspec.structs.replace(spec, moves=moves)
    other = [Move(**one) for one in held.args["other"]]
    won = race.winner == 1
    scores = " to ".join(f"{one:.2f}" for one in sorted(race.scores[:2], reverse=True))
    ended = "got to {} before a race was needed" if len(race.scores) == 1 else "won the race by {}"
    told = f"{held.args['names'][int(won)]} {ended.format(scores)}"
    return msgspec.structs.replace(
        spec, moves=joined(moves, other if won else []), reason=spec.reason.replace(held.reason, told)
    )


def signature(spec: Spec) -> str:
    """Equal for specs that would train the same thing, whatever their reasons and when they stop."""
    moves = [[m.kind, m.args] for m in spec.moves if m.kind not in ("stop", "patience")]
    return json.dumps([spec.parent, moves], sort_keys=True)
