"""Patches the settings of the layers that a Keras script makes: widths, rates, activations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import libcst as cst

from trainyard.patch import names, written
from trainyard.patch.source import Source, Sources, UnpatchableError
from trainyard.patch.syntax import add_keyword, argument, unpacks
from trainyard.patch.values import Demand, settle, trail
from trainyard.patch.wanted import INSIDE, Layer, Network


def patch(sources: Sources, network: Network) -> None:
    """Gives the script's layers the winner's settings.

    Raises:
        UnpatchableError: it does not show where, or one line makes layers that would have to differ.
    """
    _Settings(sources, network).patch()


def check(source: Source, call: cst.Call, kind: str) -> None:
    """Raises UnpatchableError where the call is not one of that class of layer."""
    shown = names.class_named(source, call)
    if shown not in (kind, kind.replace("Conv", "Convolution")):
        said = shown or "something else"
        raise UnpatchableError(f"{source.at(call)}: layer of class {kind} is made by {said}")


class _Settings:
    """Settings of the script's own layers."""

    def __init__(self, sources: Sources, network: Network) -> None:
        self.sources, self.network = sources, network
        self.added: dict[tuple[cst.CSTNode, str], str] = {}

    def patch(self) -> None:
        demands, missing = list[Demand](), list[tuple[Source, cst.Call, str, str]]()
        wanted = {
            key for one in self.network.layers.values() for _, key, _ in _flat(one.config, one.settings)
        }
        for layer in self.network.layers.values():
            changed = {key: new for _, key, new in _flat(layer.config, layer.settings)}
            if not layer.made_at:
                if changed:
                    raise UnpatchableError(f"where the script makes layer {layer.name} is not known")
                continue
            for source, call, kind, config in self._calls(layer, bool(changed)):
                for key in sorted(wanted & set(config)):
                    new = changed.get(key, config[key])
                    arg = argument(call, key, _position(kind, key))
                    if arg is None:
                        if key in changed and not (key == "strides" and written.steps_by_size(new, changed)):
                            missing.append((source, call, key, written.value(source, new)))
                        continue
                    found = trail(self.sources, source, layer.made_at, arg.value, layer.turn)
                    try:
                        text = written.value(source, new)
                    except UnpatchableError:
                        text = ""  # of a setting that stays as it is
                    demands.append(Demand(found, config[key], text, key in changed))
        settle(demands)
        for source, call, key, text in missing:
            self._add(source, call, key, text)

    def _calls(self, layer: Layer, needed: bool) -> Iterator[tuple[Source, cst.Call, str, Mapping[str, Any]]]:
        """The call that makes the layer, and for wrappers the one inside that makes what they wrap."""
        try:
            source, call = self.sources.call(layer.made_at[0])
            check(source, call, layer.kind)
            yield source, call, layer.kind, layer.config
            for place in INSIDE:
                inner = layer.config.get(place)
                arg = argument(call, place, 0 if place == "layer" else None)
                if isinstance(inner, Mapping) and arg is not None and isinstance(arg.value, cst.Call):
                    yield source, arg.value, str(inner.get("class_name")), inner.get("config") or {}
        except UnpatchableError:
            if needed:
                raise

    def _add(self, source: Source, call: cst.Call, key: str, text: str) -> None:
        if unpacks(call):
            raise UnpatchableError(f"{source.at(call)}: its arguments come out of a variable")
        known = self.added.get((call, key))
        if known is None:
            self.added[(call, key)] = text
            add_keyword(source, call, key, text)
        elif known != text:
            raise UnpatchableError(
                f"{source.at(call)}: several layers are made by this line and would differ"
            )


def _flat(config: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[Any, str, Any]]:
    for key, new in settings.items():
        if key in INSIDE and isinstance(new, Mapping) and isinstance(config.get(key), Mapping):
            yield from _flat(config[key].get("config") or {}, new)
        else:
            yield config.get(key), key, new


def _position(kind: str, key: str) -> int | None:
    known = written.POSITIONS.get(kind, ())
    return known.index(key) if key in known else None
