"""Applies moves to a Keras model: its configuration is edited, rebuilt, given weights, compiled as before."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from trainyard_harness.moves import edits, stopping
from trainyard_harness.moves.graph import Graph, MoveError
from trainyard_harness.moves.inherit import inherit


def apply(model: Any, moves: list[dict[str, Any]], parent: Path | None = None) -> tuple[Any, bool, list[str]]:
    """A new, compiled model: the script's, changed by `moves`, with the weights of the parent trial if given.

    Args:
        model: the script's own, compiled, not trained yet. It is not changed (a subclassed model is returned
            itself, with its optimizer set).
        moves: all moves of the trial's spec, in order.
        parent: the parent trial's folder, holding `model/model.keras`.

    Returns:
        (the model, whether weights were inherited, sentences on what did not fit or was not inherited).
    """
    notes: list[str] = []
    kind = type(model).__name__
    if kind not in ("Sequential", "Functional", "Model") or not _describable(model):
        notes += _set_optimizer_in_place(model, moves)
        if any(move["kind"] in edits.EDITS for move in moves):
            notes.append(f"{kind} is a class of the script's own: only its training settings were changed.")
        return model, False, notes
    keras = keras_of(model)
    graph, new, more = _edited(keras, model, moves)
    notes += more
    if not any(move["kind"] == "reinit" for move in moves):
        begun = {name for move in moves if move["kind"] == "initializer" for name in move["args"]["layers"]}
        _copy_equal(new, model, begun)
    inherited = False
    if parent is not None:
        inherited, more = _inherit(keras, new, model, parent, graph)
        notes += more
    _compile(keras, new, model, moves)
    return new, inherited, notes


def _edited(keras: ModuleType, model: Any, moves: list[dict[str, Any]]) -> tuple[Graph, Any, list[str]]:
    """The edited configuration, the model made from it, and sentences on the moves that did not fit.

    All moves at once; where that does not make a model, one after the other, to find those that don't fit.
    """
    config, sequential = model.get_config(), type(model).__name__ == "Sequential"
    whole = Graph(config, sequential)
    try:
        for move in moves:
            edits.apply(whole, move)
        return whole, _rebuilt(keras, model, whole), []
    except Exception:  # noqa: BLE001  said below, of the move that it comes from
        graph = Graph(config, sequential)
    new, notes = _rebuilt(keras, model, graph), []
    for move in moves:
        trial = Graph(graph.config(), graph.sequential)
        try:
            if not edits.apply(trial, move):
                continue
            new = _rebuilt(keras, model, trial)
            graph = trial
        except MoveError as error:
            notes.append(f"Move {move['kind']} was left out: {error}.")
        except Exception as error:  # noqa: BLE001  Keras refuses shapes in many ways; the move is what failed
            notes.append(f"Move {move['kind']} was left out: {_first_line(error)}.")
    return graph, new, notes


def callbacks(model: Any, moves: list[dict[str, Any]]) -> list[Any]:
    """Callbacks that the moves add to `fit`: the `stop` move's, which the last one of that kind sets."""
    wanted = [move["args"] for move in moves if move["kind"] == "stop"]
    if not wanted:
        return []
    known = {"gain": wanted[-1]["gain"]} if "gain" in wanted[-1] else {}
    return [stopping.callback(keras_of(model), wanted[-1]["patience"], wanted[-1].get("enough"), **known)]


def _describable(model: Any) -> bool:
    try:
        model.get_config()
    except Exception:  # noqa: BLE001  custom layers need not have one
        return False
    return True


def keras_of(model: Any) -> ModuleType:
    """The Keras that made this model: `keras`, or `tf_keras` where a script uses that."""
    for base in type(model).__mro__:
        top = base.__module__.split(".")[0]
        if top in ("keras", "tf_keras"):
            return importlib.import_module(top)
    return importlib.import_module("keras")


def _rebuilt(keras: ModuleType, model: Any, graph: Graph) -> Any:
    """A new model from the graph, built wherever its input shape is known.

    Custom parts are found in the script's model itself. Lambda layers are allowed: their code is the script's
    own, which runs in this very process.
    """
    if hasattr(keras, "config") and hasattr(keras.config, "enable_unsafe_deserialization"):
        keras.config.enable_unsafe_deserialization()
    with keras.utils.custom_object_scope(_custom_objects(model)):
        new = type(model).from_config(graph.config())
    for layer in new.layers:
        if type(layer).__name__ == "Lambda":
            layer.function = model.get_layer(layer.name).function
    return new


def _custom_objects(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pending = list(model.layers)
    while pending:
        layer = pending.pop()
        pending += list(getattr(layer, "layers", []) or [])
        if type(layer).__module__.split(".")[0] not in ("keras", "tf_keras"):
            found[type(layer).__name__] = type(layer)
        for name in ("activation", "function"):
            function: Any = getattr(layer, name, None)
            owner = (getattr(function, "__module__", None) or "").split(".")[0]
            if hasattr(function, "__name__") and owner not in ("keras", "tf_keras"):
                found[function.__name__] = function
    return found


def _copy_equal(new: Any, old: Any, begun: set[str]) -> None:
    """Gives layers that did not change the script's own initial weights: they may be pretrained.

    Args:
        begun: layers that are to have other initial weights.
    """
    if not (new.built and old.built):
        return
    known = {layer.name: layer for layer in old.layers}
    for layer in new.layers:
        source = known.get(layer.name)
        if source is None or not layer.weights or layer.name in begun:
            continue
        values = source.get_weights()
        if [one.shape for one in values] == [tuple(one.shape) for one in layer.get_weights()]:
            layer.set_weights(values)


def _inherit(keras: ModuleType, new: Any, model: Any, parent: Path, graph: Graph) -> tuple[bool, list[str]]:
    path = next(
        (found for name in ("model.keras", "model.h5") if (found := parent / "model" / name).exists()), None
    )
    if path is None:
        return False, ["The parent trial has no saved model: training starts from scratch."]
    try:
        with keras.utils.custom_object_scope(_custom_objects(model)):
            old = keras.models.load_model(path, compile=False)
        if not new.built:
            new.build(old.input_shape)
        done = inherit(new, old, graph)
    except Exception as error:  # noqa: BLE001  a parent that can't be read costs its weights, not the trial
        return False, [f"The parent's weights could not be inherited: {_first_line(error)}."]
    if not done:
        return False, ["No layer could inherit the parent's weights: training starts from scratch."]
    holders = [layer.name for layer in new.layers if layer.weights]
    rest = [name for name in holders if name not in done and not name.startswith("ty_identity_")]
    if rest:
        return True, [f"Weights inherited but for {', '.join(rest)}, which start from scratch."]
    return True, []


def _compile(keras: ModuleType, new: Any, model: Any, moves: list[dict[str, Any]]) -> None:
    settings = getattr(model, "_compile_config", None)
    if getattr(model, "optimizer", None) is None or settings is None:
        return
    settings = dict(settings.config)
    settings.pop("optimizer", None)
    for name in ("metrics", "weighted_metrics"):
        settings[name] = _copied_metrics(settings.get(name))
    new.compile(optimizer=optimizer_of(keras, model.optimizer, moves), **settings)


def optimizer_of(keras: ModuleType, old: Any, moves: list[dict[str, Any]]) -> Any:
    """A fresh optimizer: of the same class and settings, but for what the moves change."""
    kind, config = type(old), dict(old.get_config())
    for move in moves:
        if move["kind"] == "optimizer":
            kind = getattr(keras.optimizers, move["args"]["class_name"])
            config = dict(move["args"].get("config", {}))
        elif move["kind"] == "learning_rate":
            config["learning_rate"] = move["args"]["learning_rate"]
    # Legacy optimizers refuse to be made with a decay of a schedule's; a changed rate is constant.
    if any(move["kind"] == "learning_rate" for move in moves):
        config.pop("decay", None)
    return kind.from_config(config)


def _copied_metrics(metrics: Any) -> Any:
    """Metrics hold state, so objects are made anew; names and functions are taken as they are."""
    if isinstance(metrics, dict):
        return {key: _copied_metrics(value) for key, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return [_copied_metrics(value) for value in metrics]
    if hasattr(metrics, "update_state") and hasattr(metrics, "get_config"):
        try:
            return type(metrics).from_config(metrics.get_config())
        except Exception:  # noqa: BLE001  a metric that can't be remade is shared
            return metrics
    return metrics


def _set_optimizer_in_place(model: Any, moves: list[dict[str, Any]]) -> list[str]:
    """Sets the rate, or compiles the model again with another optimizer; sentences on what did not fit."""
    if getattr(model, "optimizer", None) is None:
        return []
    if any(move["kind"] == "optimizer" for move in moves):
        try:
            _compile(keras_of(model), model, model, moves)
        except Exception as error:  # noqa: BLE001  a compile of the script's own may want other arguments
            return [f"Move optimizer was left out: {_first_line(error)}."]
        return []
    for move in moves:
        if move["kind"] == "learning_rate":
            model.optimizer.learning_rate = move["args"]["learning_rate"]
    return []


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")[:200]
