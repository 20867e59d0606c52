"""Moves by running the script again with wider layers: for models of a class of the script's own.

Such a model has no configuration to edit, but the script makes its layers by calls. The `rebuild` move names
those calls, and their widths are changed as they are made.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.moves.edits import WIDTH
from trainyard_harness.script import stack_of


def patch(keras: ModuleType) -> None:
    """Patches the layers that have a width; only in trials whose spec asks for it."""
    wanted = _wanted()
    if not wanted:
        return
    turns: Counter[tuple[str, ...]] = Counter()
    for name, setting in WIDTH.items():
        layer = getattr(keras.layers, name)
        layer.__init__ = _widened(layer, setting, wanted, turns)


def _wanted() -> dict[tuple[tuple[str, ...], int], int]:
    """(calls, turn): width."""
    return {
        (tuple(one["made_at"]), int(one["turn"])): int(one["width"])
        for move in sessions.current().spec["moves"]
        if move["kind"] == "rebuild"
        for one in move["args"]["layers"]
    }


def _widened(layer: Any, setting: str, wanted: dict[Any, int], turns: Counter[Any]) -> Callable[..., None]:
    original = layer.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        session = sessions.current()
        # subclasses call this too: only a layer that the script makes itself is meant
        if type(self) is layer and not session.depth:
            places = tuple(stack_of(sys._getframe(1), session.trial.work))
            width = wanted.get((places, turns[places]))
            turns[places] += 1
            if width is not None:
                bound = signature.bind(self, *args, **kwargs)
                bound.arguments[setting] = width
                args, kwargs = bound.args[1:], bound.kwargs
        original(self, *args, **kwargs)

    # Keras reads the names of a layer's settings from here
    init.__signature__ = signature  # type: ignore[attr-defined]
    return init
