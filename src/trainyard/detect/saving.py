"""File names that Keras 2 writes and Keras 3 refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard.detect.events import Event
from trainyard.detect.values import UNKNOWN, Attr, Const, Made, Values, strings

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run


def checkpoint(run: Run, args: list[Values], kwargs: dict[str, Values], line: int) -> None:
    """`ModelCheckpoint`: Keras 3 wants `.keras`, or `.weights.h5` for weights only."""
    weights = any(isinstance(v, Const) and v.value is True for v in kwargs.get("save_weights_only", UNKNOWN))
    wanted = ".weights.h5" if weights else ".keras"
    for path in strings(args[0] if args else kwargs.get("filepath", UNKNOWN)):
        if not path.endswith(wanted):
            _say(run, line, f"Keras 3 refuses ModelCheckpoint to {path[:60]}: it wants {wanted}.")


def method(run: Run, func: Attr, args: list[Values], line: int) -> None:
    """`save` and `save_weights` of a Keras model."""
    owner = func.owner
    if not isinstance(owner, Made) or not owner.maker.startswith("keras.") or not args:
        return
    wanted = (".weights.h5",) if func.name == "save_weights" else (".keras", ".h5", ".hdf5")
    for path in strings(args[0]):
        if not path.endswith(wanted):
            _say(run, line, f"Keras 3 refuses {func.name}({path[:60]!r}): it wants {wanted[0]}.")


def _say(run: Run, line: int, sentence: str) -> None:
    run.event(Event("file-name", run.source.path, line, sentence, detail="keras2"))
