"""Where the script makes each layer, compiles its model and calls `fit`: what a patch of its source goes by.

Places are remembered on the objects themselves, out of reach of Keras' own attribute tracking, as
`file:line:column` of the end of the call, innermost first: one stack per object.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.script import stack_of

_MADE, _COMPILED = "_trainyard_made_at", "_trainyard_compiled_at"


def patch(model: Any, layer: Any) -> None:
    """Patches `Layer.__new__` and `Model.compile`, which only look around before they do what they did.

    Not `Layer.__init__`: Keras reads its signature. And `compile` on the class that has it: Keras 3 compiles
    a loaded model only where its class' `compile` is the trainer's own.
    """
    trainer = next(cls for cls in model.__mro__ if "compile" in vars(cls))
    new, compiled = layer.__new__, trainer.compile

    @functools.wraps(new)
    def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
        made = new(cls, *args, **kwargs)
        _remember(made, _MADE)
        return made

    @functools.wraps(compiled)
    def compile(self: Any, *args: Any, **kwargs: Any) -> Any:
        _remember(self, _COMPILED)
        return compiled(self, *args, **kwargs)

    layer.__new__ = staticmethod(__new__)
    trainer.compile = compile


def made_at(layer: Any) -> list[str]:
    """The calls that made the layer; empty where it is not known."""
    return list(getattr(layer, _MADE, ()))


def compiled_at(model: Any) -> list[str]:
    """The calls that compiled the model last."""
    return list(getattr(model, _COMPILED, ()))


def _remember(thing: Any, name: str) -> None:
    session = sessions.current()
    if session.depth:
        return
    try:
        places = tuple(stack_of(sys._getframe(2), session.trial.work))
        object.__setattr__(thing, name, places)
    except Exception as error:  # noqa: BLE001  without a place there is no patch, that is all
        session.fault("place", error)
