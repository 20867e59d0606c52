"""Patches how a Keras script trains: its optimizer, and what it passes to `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import libcst as cst

from trainyard.patch import names, written
from trainyard.patch.source import Source, Sources, UnpatchableError
from trainyard.patch.syntax import (
    add_keyword,
    argument,
    callee,
    insert_element,
    remove_argument,
    unpacks,
)
from trainyard.patch.values import Demand, literal, settle, trail
from trainyard.patch.wanted import Training

_FIT = {
    "fit": ("batch_size", 2, "epochs", 3, "callbacks", 5),
    "fit_generator": ("", 0, "epochs", 2, "callbacks", 4),
}
"""Where the methods that train take what by position."""

_SLOWER = 0.4
"""Part of the patience after which a plateau halves the rate, as in the trials."""


def patch(sources: Sources, training: Training, base: Mapping[str, Any]) -> None:
    """Gives the script the winner's optimizer, rate, epochs, batch size and stop.

    Args:
        base: trial 0's architecture.json, which tells where the script compiles and fits.

    Raises:
        UnpatchableError: it does not show where, or how.
    """
    compiled, fitted = base.get("compile") or {}, base.get("training") or {}
    if training.optimizer or training.learning_rate is not None:
        _optimizer(sources, _places(compiled, "compiled"), training, compiled.get("optimizer") or {})
    if any(one is not None for one in (training.epochs, training.batch_size, training.patience)):
        _fit(sources, _places(fitted, "fitted"), training, fitted)


def _places(described: Mapping[str, Any], how: str) -> tuple[str, ...]:
    found = tuple(str(one) for one in described.get("made_at") or [])
    if not found:
        raise UnpatchableError(f"where the model is {how} is not known")
    return found


def _optimizer(sources: Sources, places: tuple[str, ...], training: Training, own: Mapping[str, Any]) -> None:
    source, call = sources.call(places[0])
    if callee(call) != "compile":
        raise UnpatchableError(f"{source.at(call)}: the model is compiled in a way that can't be rewritten")
    arg = argument(call, "optimizer", 0)
    config = dict(training.optimizer[1]) if training.optimizer else {}
    if training.learning_rate is not None:
        config["learning_rate"] = training.learning_rate
    kind = training.optimizer[0] if training.optimizer else str(own.get("class_name", ""))
    if arg is not None and training.optimizer is None:
        last = trail(sources, source, places, arg.value)[-1]
        if isinstance(last.node, cst.Call):
            _rate(sources, last.source, places, last.node, config["learning_rate"])
            return
    maker = names.of_keras(source, "optimizers", kind)
    text = ", ".join(f"{key}={written.value(source, value)}" for key, value in config.items())
    if arg is not None:
        source.replace(arg.value, f"{maker}({text})")
    elif unpacks(call):
        raise UnpatchableError(f"{source.at(call)}: its arguments come out of a variable")
    else:
        add_keyword(source, call, "optimizer", f"{maker}({text})")


def _rate(sources: Sources, source: Source, places: tuple[str, ...], call: cst.Call, rate: float) -> None:
    if unpacks(call):
        raise UnpatchableError(f"{source.at(call)}: its arguments come out of a variable")
    arg = argument(call, "lr", None) or argument(call, "learning_rate", 0)
    text = written.value(source, rate)
    if arg is None:
        add_keyword(source, call, "learning_rate", text)
    else:
        _set(sources, source, places, arg.value, text)
    if decay := argument(call, "decay", None):
        remove_argument(source, call, decay)


def _fit(sources: Sources, places: tuple[str, ...], training: Training, fitted: Mapping[str, Any]) -> None:
    source, call = sources.call(places[0])
    if callee(call) not in _FIT:
        raise UnpatchableError(f"{source.at(call)}: the model is trained in a way that can't be rewritten")
    _, at_batch, _, at_epochs, _, at_callbacks = _FIT[callee(call)]
    for name, place, new in (
        ("epochs", at_epochs, training.epochs),
        ("batch_size", at_batch, training.batch_size),
    ):
        if new is None:
            continue
        arg = argument(call, name, place) or (argument(call, "nb_epoch", None) if name == "epochs" else None)
        if arg is not None:
            _set(sources, source, places, arg.value, str(new))
        elif unpacks(call):
            raise UnpatchableError(f"{source.at(call)}: its arguments come out of a variable")
        else:
            add_keyword(source, call, name, str(new))
    if "EarlyStopping" in (fitted.get("callbacks") or []):
        _own_stop(source, training)
    elif training.patience is not None:
        _stop(source, call, argument(call, "callbacks", at_callbacks), training)


def _set(
    sources: Sources, source: Source, places: tuple[str, ...], expression: cst.BaseExpression, text: str
) -> None:
    """Writes a value where it comes from: at the variable that holds it, however many read it."""
    found = trail(sources, source, places, expression)
    old = literal(found[-1].node, found[-1].source)
    settle([Demand(found, old, text, changed=True, alone=True)])


def _own_stop(source: Source, training: Training) -> None:
    """The script's own EarlyStopping waits as long as the trials' did."""
    if training.own_patience is None:
        return
    made = [one for one in source.nodes(cst.Call) if callee(one) == "EarlyStopping"]
    if len(made) != 1:
        raise UnpatchableError(f"{source.file}: which EarlyStopping is meant does not show")
    arg = argument(made[0], "patience", 2)
    if arg is not None:
        source.replace(arg.value, str(training.own_patience))
    else:
        add_keyword(source, made[0], "patience", str(training.own_patience))


def _stop(source: Source, call: cst.Call, arg: cst.Arg | None, training: Training) -> None:
    """Halves the rate on a plateau and stops there, with the best epoch's weights, as the trials did."""
    assert training.patience is not None  # noqa: S101 - the caller asks only then
    early = names.of_keras(source, "callbacks", "EarlyStopping")
    slower = names.of_keras(source, "callbacks", "ReduceLROnPlateau")
    monitor = source.quoted(training.monitor)
    mode = source.quoted("max" if "acc" in training.monitor else "min")
    waits = max(2, round(_SLOWER * training.patience))
    new = [
        f"{slower}({monitor}, mode={mode}, factor=0.5, patience={waits})",
        f"{early}({monitor}, mode={mode}, patience={training.patience}, restore_best_weights=True)",
    ]
    listed = "[\n" + "".join(f"    {one},\n" for one in new) + "]"
    if arg is None:
        if unpacks(call):
            raise UnpatchableError(f"{source.at(call)}: its arguments come out of a variable")
        add_keyword(source, call, "callbacks", listed)
    elif source.text(arg.value) == "None":
        source.replace(arg.value, listed)
    elif isinstance(arg.value, cst.List):
        insert_element(source, arg.value, len(arg.value.elements) - 1, new)
    else:
        source.replace(arg.value, f"[*{source.text(arg.value)}, {', '.join(new)}]")
