"""Moves: what a later trial changes against the developer's own training (docs/reference/tweaking.md).

`training` reads the moves that change arguments of `fit`; `moves.keras` and `moves.estimators` apply others.
A move is a dict `{"kind": ..., "args": {...}, "reason": ...}`; `kind` names one entry of their tables.
"""

from __future__ import annotations

from typing import Any

TRAINING = ("epochs", "batch_size", "patience", "learning_rate")
"""Kinds whose one argument, named like the kind, is a training setting."""


def training(moves: list[dict[str, Any]]) -> dict[str, Any]:
    """The training settings that the moves ask for; the last one of a kind counts.

    Returns:
        Any of `epochs` (whole passes in the longest fit), `batch_size`, `learning_rate` and `patience` (stop
        when the validation number has not improved for so many epochs, and keep the best epoch's weights).
    """
    found: dict[str, Any] = {}
    for move in moves:
        if move["kind"] in TRAINING:
            found[move["kind"]] = move["args"][move["kind"]]
    return found
