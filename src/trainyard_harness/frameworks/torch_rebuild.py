"""Moves by running a PyTorch script again with wider layers.

Layers are counted as the script makes them, and remember what they were made with: what follows from a wider
layer in those behind it is decided by whoever reads that. The `rebuild` move gives each its new sizes.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions

SIZES = {
    "Linear": ("in_features", "out_features"),
    "Conv1d": ("in_channels", "out_channels"),
    "Conv2d": ("in_channels", "out_channels"),
    "BatchNorm1d": ("num_features",),
    "BatchNorm2d": ("num_features",),
}


def patch(nn: ModuleType) -> None:
    wanted = {
        int(one["turn"]): one
        for move in sessions.current().spec["moves"]
        if move["kind"] == "rebuild"
        for one in move["args"]["layers"]
    }
    turns = itertools.count()
    for name, sizes in SIZES.items():
        layer = getattr(nn, name)
        layer.__init__ = _counted(layer, sizes, wanted, turns)


def made(layer: Any) -> dict[str, Any] | None:
    """`turn`, and the sizes that the layer was made with, where the script itself made it."""
    return getattr(layer, "_trainyard_made", None)


def _counted(
    layer: Any, names: tuple[str, ...], wanted: dict[int, dict[str, Any]], turns: Any
) -> Callable[..., None]:
    original = layer.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        session = sessions.current()
        # Subclasses call this too, and so does the harness itself.
        if type(self) is not layer or session.depth or not session.place():
            original(self, *args, **kwargs)
            return
        given = signature.bind(self, *args, **kwargs)
        turn, sizes = next(turns), [given.arguments[name] for name in names]
        asked = wanted.get(turn)
        if asked is not None and asked["was"] == sizes:
            sizes = list(asked["sizes"])
            given.arguments.update(zip(names, sizes, strict=True))
        elif asked is not None:
            session.record.note(
                f"Move rebuild was left out for {asked['name']}: the script makes it otherwise now."
            )
        original(*given.args, **given.kwargs)
        self._trainyard_made = {"turn": turn, "sizes": sizes}

    return init
