"""What the script has to say for its own training to be the winner's: the difference of two trials. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainyard.runs.files import Move

INSIDE = ("layer", "backward_layer")
"""Where wrappers (Bidirectional, TimeDistributed) keep the layer that they wrap."""


@dataclass(frozen=True)
class Layer:
    """One layer of the script's own.

    Attributes:
        made_at: the calls that made it, innermost first, as the harness tells places.
        turn: how many layers of the same `made_at` came before it: a loop made them.
        settings: its settings that differ in the winner; those of a wrapped layer under `layer`.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    made_at: tuple[str, ...]
    turn: int
    settings: Mapping[str, Any]


@dataclass
class Chain:
    """New layers, one behind the other.

    Attributes:
        behind: the script's layer that they follow; None at the input.
        replaces: the script's layer whose place they take, if any.
        before: the script's layers that they feed.
    """

    layers: list[tuple[str, dict[str, Any]]]
    behind: str | None
    replaces: str | None = None
    before: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Network:
    """The layers of the script (inputs left out), what is put among them, and which of them go."""

    layers: dict[str, Layer]
    chains: list[Chain]
    removed: list[str]


@dataclass(frozen=True)
class Training:
    """Settings of the winner's training that the script has to be given; None where its own hold.

    Attributes:
        optimizer: class and settings, where it is another one than the script's.
        patience: stop at a plateau of the validation number `monitor`, with the best epoch's weights.
    """

    epochs: int | None = None
    batch_size: int | None = None
    optimizer: tuple[str, dict[str, Any]] | None = None
    learning_rate: float | None = None
    own_patience: int | None = None
    patience: int | None = None
    monitor: str = "val_loss"


@dataclass(frozen=True)
class Ladder:
    """The winner's trial and those whose weights it stands on, the first one (from scratch) first.

    Attributes:
        moves: of each trial, whole against trial 0.
        epochs: done by each in its longest fit, the last one's counted to its best epoch.
        monitor: the validation number of the history, where the script has validation data of its own.
    """

    moves: Sequence[Sequence[Move]]
    epochs: Sequence[int]
    monitor: str | None


def network(base: Mapping[str, Any], winner: Mapping[str, Any]) -> Network:
    """What differs between two networks' architectures; layers correspond by name."""
    before, after = _layers(base), _layers(winner)
    fed, now = feeders(base), feeders(winner)
    layers, turns = {}, dict[tuple[str, ...], int]()
    for name, one in before.items():
        made_at = tuple(str(place) for place in one.get("made_at") or [])
        turn = turns[made_at] = turns.get(made_at, -1) + 1
        settings = _differences(one["config"], after[name]["config"]) if name in after else {}
        layers[name] = Layer(name, one["class_name"], one["config"], made_at, turn, settings)
    removed = [name for name in before if name not in after]
    chains = _chains(before, after, fed, now, removed)
    taken = {chain.replaces for chain in chains}
    return Network(layers, chains, [name for name in removed if name not in taken])


def training(ladder: Ladder, base: Mapping[str, Any]) -> Training:
    """The settings that train from scratch what the ladder trained in steps.

    Its epochs add up, at the highest rate of its steps: where there is validation data to see a plateau by,
    the rate is halved there as it was in the trials.

    Args:
        base: trial 0's architecture.json.
    """
    trained = base.get("training") or {}
    last = {move.kind: move.args for move in ladder.moves[-1]}
    stop = last.get("stop")
    watched = ladder.monitor if stop and trained.get("validation") else None
    epochs = sum(ladder.epochs)
    if watched and "epochs" in last:
        epochs = sum(ladder.epochs[:-1]) + int(last["epochs"]["epochs"])
    optimizer = last.get("optimizer")
    return Training(
        epochs=epochs if epochs != trained.get("epochs") else None,
        batch_size=int(last["batch_size"]["batch_size"]) if "batch_size" in last else None,
        optimizer=(str(optimizer["class_name"]), dict(optimizer.get("config") or {})) if optimizer else None,
        learning_rate=_rate(ladder, base),
        own_patience=int(last["patience"]["patience"]) if "patience" in last else None,
        patience=int(stop["patience"]) if stop and watched else None,
        monitor=watched or "val_loss",
    )


def _rate(ladder: Ladder, base: Mapping[str, Any]) -> float | None:
    """The highest rate of the ladder; None where that is the script's own."""
    compiled = (base.get("compile") or {}).get("optimizer") or {}
    own = (compiled.get("config") or {}).get("learning_rate")
    rates = []
    for moves in ladder.moves:
        args = {move.kind: move.args for move in moves}
        given = args.get("learning_rate") or (args.get("optimizer") or {}).get("config") or {}
        rates.append(given.get("learning_rate"))
    known = [float(rate) for rate in rates if rate is not None]
    if not known or (None in rates and isinstance(own, int | float) and own >= max(known)):
        return None
    return max(known)


def feeders(architecture: Mapping[str, Any]) -> dict[str, list[str]]:
    """Layer: the layers that feed it, inputs left out where the model is a plain chain."""
    if architecture.get("kind") != "functional":
        names = [name for name, one in _all(architecture).items() if one["class_name"] != "InputLayer"]
        return {name: names[place - 1 : place] if place else [] for place, name in enumerate(names)}
    config = architecture.get("config")
    raw = config.get("layers") if isinstance(config, Mapping) else None
    found = {}
    for one in raw if isinstance(raw, list) else []:
        if isinstance(one, Mapping):
            name = str(one.get("name") or (one.get("config") or {}).get("name"))
            found[name] = references(one.get("inbound_nodes", []))
    return found


def references(node: Any) -> list[str]:
    """The layers named in inbound nodes, in the form of Keras 2 or 3."""
    if isinstance(node, Mapping):
        if isinstance(history := node.get("keras_history"), list) and history:
            return [str(history[0])]
        return [found for value in node.values() for found in references(value)]
    if isinstance(node, list | tuple):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            return [node[0]]
        return [found for value in node for found in references(value)]
    return []


def _chains(
    before: dict[str, Any],
    after: dict[str, Any],
    fed: dict[str, list[str]],
    now: dict[str, list[str]],
    removed: list[str],
) -> list[Chain]:
    chains: dict[str, Chain] = {}
    for name, one in after.items():
        feeding = [other for other in now.get(name, []) if other in after]
        if name in before:
            for other in feeding:
                if other in chains:
                    chains[other].before.append(name)
            continue
        layer = (str(one["class_name"]), one["config"])
        if len(feeding) == 1 and feeding[0] in chains:
            chain = chains.pop(feeding[0])
            chain.layers.append(layer)
        else:
            behind = feeding[0] if feeding else None
            chain = Chain([layer], behind)
        chains[name] = chain
    for chain in chains.values():
        lost = [one for one in removed if [x for x in fed.get(one, []) if x in before] == [chain.behind]]
        lost += [one for one in removed if chain.behind is None and not set(fed.get(one, [])) & set(before)]
        chain.replaces = lost[0] if lost else None
    return list(chains.values())


def _layers(architecture: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in _all(architecture).items() if one["class_name"] != "InputLayer"}


def _all(architecture: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    raw = architecture.get("layers")
    return {
        str(one.get("name")): {**one, "config": one.get("config") or {}, "class_name": one.get("class_name")}
        for one in (raw if isinstance(raw, list) else [])
        if isinstance(one, dict)
    }


_UNTOLD = frozenset({"name", "dtype", "batch_shape", "batch_input_shape", "build_config", "seed"})


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in new.items():
        if key in _UNTOLD or old.get(key) == value:
            continue
        if key in INSIDE and isinstance(value, Mapping) and isinstance(old.get(key), Mapping):
            if inner := _differences(old[key].get("config") or {}, value.get("config") or {}):
                found[key] = inner
        elif not _same_object(old.get(key), value):
            found[key] = value
    return found


def _same_object(old: Any, new: Any) -> bool:
    """Whether two serialised objects (initializers, ...) are of one class and equal settings."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return False
    return old.get("class_name") == new.get("class_name") and old.get("config") == new.get("config")
