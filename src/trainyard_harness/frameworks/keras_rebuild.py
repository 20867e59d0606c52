"""Moves by running the script again with other layers: for models of a class of the script's own.

Such a model has no configuration to edit, but the script makes its layers by calls. The `rebuild` move names
those calls, and widths and other settings are changed as the layers are made.
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

OTHERS = (
    "BatchNormalization",
    "Dropout",
    "MaxPooling1D",
    "MaxPooling2D",
    "AveragePooling1D",
    "AveragePooling2D",
)
"""Layers without a width, of which other settings may be changed."""


def patch(keras: ModuleType) -> None:
    """Patches the layers that have settings to change; only in trials whose spec asks for it."""
    wanted = _wanted()
    if not wanted:
        return
    turns: Counter[tuple[str, ...]] = Counter()
    for name in (*WIDTH, *OTHERS):
        layer = getattr(keras.layers, name)
        layer.__init__ = _changed(layer, wanted, turns)


def _wanted() -> dict[tuple[tuple[str, ...], int], dict[str, Any]]:
    """(calls, turn): what the move says of that layer."""
    return {
        (tuple(one["made_at"]), int(one["turn"])): one
        for move in sessions.current().spec["moves"]
        if move["kind"] == "rebuild"
        for one in move["args"]["layers"]
    }


def _changed(layer: Any, wanted: dict[Any, dict[str, Any]], turns: Counter[Any]) -> Callable[..., None]:
    original = layer.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        session = sessions.current()
        # subclasses call this too: only a layer that the script makes itself is meant
        if type(self) is layer and not session.depth:
            places = tuple(stack_of(sys._getframe(1), session.trial.work))
            asked = wanted.get((places, turns[places]))
            turns[places] += 1
            if asked is not None:
                settings = dict(asked.get("settings") or {})
                if "width" in asked:
                    settings[WIDTH[layer.__name__]] = int(asked["width"])
                bound = signature.bind(self, *args, **kwargs)
                bound.arguments.update(settings)
                args, kwargs = bound.args[1:], bound.kwargs
        original(self, *args, **kwargs)

    # Keras reads the names of a layer's settings from here
    init.__signature__ = signature  # type: ignore[attr-defined]
    return init
