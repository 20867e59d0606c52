"""Mistakes that show in the code alone: an output layer and a loss that don't go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trainyard.detect.knowledge.names import last
from trainyard.detect.values import UNKNOWN, Attr, Const, Lib, Made, Seq, Value, Values
from trainyard_harness.mistakes import Head, of_network

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_SHORT = {"mse": "mean_squared_error", "mae": "mean_absolute_error"}


def compiled(run: Run, model: Value, args: list[Values], kwargs: dict[str, Values], line: int) -> None:
    """Names what is wrong with a Keras model that is compiled, where its last layer and its loss show."""
    output = _output(model)
    loss, logits = _loss(kwargs.get("loss", args[1] if len(args) > 1 else UNKNOWN))
    if output is None or not loss:
        return
    function = ""
    if last(output[-1].maker) in ("Activation", "Softmax") and len(output) > 1:
        function = _word(_argument(output[-1], "activation", 0)) or "softmax"
        output = output[:-1]
    if last(output[-1].maker) != "Dense":
        return
    units = _only(_argument(output[-1], "units", 0))
    width = units.value if isinstance(units, Const) and isinstance(units.value, int) else None
    function = function or _word(_argument(output[-1], "activation", 1, (Const("linear"),)))
    watched = [value for one in _items(kwargs.get("metrics", UNKNOWN)) for value in one]
    accuracy = any("acc" in _word((one,)) for one in watched)
    if function:
        for mistake in of_network(Head(width, function, loss, logits, accuracy)):
            run.log.hazard(run.source, "mistake", line, mistake.sentence)


def _output(model: Value) -> list[Made] | None:
    """The last layers of a model in order; None where they are not known for sure."""
    if not isinstance(model, Made):
        return None
    if last(model.maker) == "Sequential":
        parts: list[Values] = []
        for one in model.parts:
            inside = _only(one)
            parts += inside.items if isinstance(inside, Seq) else [one]
        found = [_only(one) for one in parts[-2:]]
    elif last(model.maker) in ("Model", "Functional"):
        outputs = model.kwargs.get("outputs", model.parts[1] if len(model.parts) > 1 else UNKNOWN)
        found = [_only(outputs)]
    else:
        return None
    layers = [_layer(one) for one in found if isinstance(one, Made)]
    return layers if layers and len(layers) == len(found) else None


def _layer(made: Made) -> Made:
    """The layer itself, of what calling it gave."""
    while made.parts and isinstance(inner := _only(made.parts[0]), Made) and inner.maker == made.maker:
        made = inner
    return made


def _argument(made: Made, name: str, position: int, default: Values = UNKNOWN) -> Values:
    plain = made.parts[: len(made.parts) - len(made.kwargs)]
    return made.kwargs.get(name, plain[position] if position < len(plain) else default)


def _loss(values: Values) -> tuple[str, bool | None]:
    """(name in snake case, from_logits); an empty name where it does not show."""
    value = _only(values)
    if isinstance(value, Const) and isinstance(value.value, str):
        return _SHORT.get(value.value.lower(), value.value.lower()), False
    if not isinstance(value, Made):
        return "", None
    logits = _only(_argument(value, "from_logits", 0))
    if value.parts and not isinstance(logits, Const):
        return "", None
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", last(value.maker)).lower()
    return name, bool(logits.value) if isinstance(logits, Const) else False


def _word(values: Values) -> str:
    """`softmax` of `"softmax"` or `tf.nn.softmax`; empty where it is neither."""
    value = _only(values)
    if isinstance(value, Const):
        return str(value.value or "linear").lower()
    if isinstance(value, Lib):
        return last(value.name).lower()
    return value.name.lower() if isinstance(value, Attr) else ""


def _items(values: Values) -> list[Values]:
    value = _only(values)
    return value.items if isinstance(value, Seq) else []


def _only(values: Values) -> Value | None:
    """The value, where there is but one that it can be."""
    return values[0] if len(values) == 1 else None
