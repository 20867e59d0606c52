"""Patches the layers of a Keras script: their settings, layers put among them, layers taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    remove_element,
    unpacks,
)
from trainyard.patch.values import Demand, settle, trail
from trainyard.patch.wanted import INSIDE, Chain, Layer, Network

_SHAPES = ("input_shape", "input_dim", "batch_input_shape")
"""Arguments by which the first layer says what comes in."""


def patch(sources: Sources, network: Network) -> None:
    """Makes the script build the winner's layers.

    Raises:
        UnpatchableError: it does not show where, or one line makes layers that would have to differ.
    """
    _Settings(sources, network).patch()
    placed: dict[tuple[Any, ...], int] = {}
    for chain in network.chains:
        _Place(sources, network, chain, placed).patch()
    for name in network.removed:
        _remove(sources, network.layers[name])


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
                        if key in changed:
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
            _check(source, call, layer.kind)
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


def _check(source: Source, call: cst.Call, kind: str) -> None:
    shown = names.class_named(source, call)
    if shown != kind and not (kind.endswith("2D") and shown == kind.replace("Conv2D", "Convolution2D")):
        raise UnpatchableError(
            f"{source.at(call)}: layer of class {kind} is made by {shown or 'something else'}"
        )


class _Place:
    """Where a chain of new layers goes: behind a layer, into the place of one, or to the input."""

    def __init__(
        self, sources: Sources, network: Network, chain: Chain, placed: dict[tuple[Any, ...], int]
    ) -> None:
        self.sources, self.network, self.chain, self.placed = sources, network, chain, placed

    def patch(self) -> None:
        chain = self.chain
        anchor = chain.replaces or chain.behind
        if anchor is None:
            if len(chain.before) != 1:
                raise UnpatchableError("the input feeds several layers")
            self._in_front(self.network.layers[chain.before[0]])
            return
        layer = self.network.layers[anchor]
        source, call = self._made(layer)
        if self._again(call, layer):
            return
        calls = self._written(source, call)
        if chain.replaces:
            source.replace(call, calls[0])
            calls = calls[1:]
        if calls:
            self._behind(source, call, calls)

    def _made(self, layer: Layer) -> tuple[Source, cst.Call]:
        if not layer.made_at:
            raise UnpatchableError(f"where the script makes layer {layer.name} is not known")
        source, call = self.sources.call(layer.made_at[0])
        _check(source, call, layer.kind)
        return source, call

    def _again(self, call: cst.Call, layer: Layer) -> bool:
        """Whether this change stands at this call already: a loop or function makes several layers there.

        Raises:
            UnpatchableError: the others that are made there do not all get the same.
        """

        def signature(chain: Chain) -> Any:
            return [(kind, {k: v for k, v in config.items() if k != "name"}) for kind, config in chain.layers]

        together = [one for one in self.network.layers.values() if one.made_at[:1] == layer.made_at[:1]]
        chains = {chain.replaces or chain.behind: chain for chain in self.network.chains}
        mine = signature(self.chain)
        if any(one.name not in chains or signature(chains[one.name]) != mine for one in together):
            raise UnpatchableError(
                f"{layer.made_at[0].rsplit(':', 1)[0]}: several layers are made by this line, and not all of "
                "them would get another behind them"
            )
        count = self.placed[(call,)] = self.placed.get((call,), 0) + 1
        return count > 1

    def _written(self, source: Source, like: cst.Call) -> list[str]:
        found = []
        for kind, config in self.chain.layers:
            if kind not in written.LAYERS:
                raise UnpatchableError(f"a layer of class {kind} is not one that a patch adds")
            try:
                name = names.beside(source, like, kind)
            except UnpatchableError:
                name = names.of_keras(source, "layers", kind)
            found.append(written.made(source, name, kind, config))
        return found

    def _behind(self, source: Source, call: cst.Call, calls: list[str]) -> None:
        node = _handle(source, call)
        parent = source.parent(node)
        if isinstance(parent, cst.Call) and parent.func is node:
            new = [source.expression(text) for text in calls]
            source.change(parent, lambda inner: _applied(new, inner))
        elif (added := _added(source, node)) is not None:
            line, receiver = added
            source.insert(line, after=[source.statement(f"{receiver}.add({text})\n") for text in calls])
        elif isinstance(parent, cst.Element) and (listed := _listed(source, parent)) is not None:
            insert_element(source, listed, listed.elements.index(parent), calls)
        else:
            raise UnpatchableError(f"{source.at(call)}: how this layer gets into the model does not show")

    def _in_front(self, layer: Layer) -> None:
        source, call = self._made(layer)
        calls = self._written(source, call)
        node = _handle(source, call)
        parent = source.parent(node)
        if isinstance(parent, cst.Call) and parent.func is node:
            if len(parent.args) != 1 or parent.args[0].star:
                raise UnpatchableError(f"{source.at(parent)}: what this layer is called on does not show")
            new = [source.expression(text) for text in calls]
            source.change(parent.args[0].value, lambda inner: _applied(new, inner))
            return
        for arg in [arg for arg in call.args if arg.keyword and arg.keyword.value in _SHAPES]:
            remove_argument(source, call, arg)
            told = source.text(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT))
            calls[0] = f"{calls[0][:-1]}{'' if calls[0].endswith('()') else ', '}{told})"
        if (added := _added(source, node)) is not None:
            line, receiver = added
            source.insert(line, before=[source.statement(f"{receiver}.add({text})\n") for text in calls])
        elif isinstance(parent, cst.Element) and (listed := _listed(source, parent)) is not None:
            insert_element(source, listed, listed.elements.index(parent) - 1, calls)
        else:
            raise UnpatchableError(f"{source.at(call)}: how this layer gets into the model does not show")


def _handle(source: Source, call: cst.Call) -> cst.BaseExpression:
    """What stands for the layer where it is used: the call itself, or the only use of its variable."""
    parent = source.parent(call)
    if not (isinstance(parent, cst.Assign) and len(parent.targets) == 1):
        return call
    target = parent.targets[0].target
    if not isinstance(target, cst.Name):
        return call
    uses = [
        name
        for name in source.nodes(cst.Name)
        if name.value == target.value and name is not target and not _is_attribute(source, name)
    ]
    return uses[0] if len(uses) == 1 else call


def _is_attribute(source: Source, name: cst.Name) -> bool:
    parent = source.parent(name)
    if isinstance(parent, cst.Attribute):
        return parent.attr is name
    return isinstance(parent, cst.Arg) and parent.keyword is name


def _added(source: Source, node: cst.BaseExpression) -> tuple[cst.SimpleStatementLine, str] | None:
    """(the line, the model) of `model.add(node)` where it stands on a line of its own."""
    arg = source.parent(node)
    call = source.parent(arg) if isinstance(arg, cst.Arg) else None
    if not (isinstance(call, cst.Call) and callee(call) == "add" and isinstance(call.func, cst.Attribute)):
        return None
    line = source.enclosing(call, cst.SimpleStatementLine)
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    return line, source.text(call.func.value)


def _listed(source: Source, element: cst.Element) -> cst.List | cst.Tuple | None:
    parent = source.parent(element)
    return parent if isinstance(parent, cst.List | cst.Tuple) else None


def _applied(layers: list[cst.BaseExpression], inner: cst.BaseExpression) -> cst.BaseExpression:
    """`layers[-1](...layers[0](inner))`"""
    for layer in layers:
        inner = cst.Call(func=layer, args=[cst.Arg(inner)])
    return inner


def _remove(sources: Sources, layer: Layer) -> None:
    if not layer.made_at:
        raise UnpatchableError(f"where the script makes layer {layer.name} is not known")
    source, call = sources.call(layer.made_at[0])
    _check(source, call, layer.kind)
    node = _handle(source, call)
    parent = source.parent(node)
    if node is not call or any(arg.keyword and arg.keyword.value in _SHAPES for arg in call.args):
        raise UnpatchableError(f"{source.at(call)}: this layer can't just be left out")
    if isinstance(parent, cst.Call) and parent.func is node and len(parent.args) == 1:
        source.change(parent, lambda inner: inner.args[0].value)
    elif (added := _added(source, node)) is not None:
        source.remove(added[0])
    elif isinstance(parent, cst.Element) and (listed := _listed(source, parent)) is not None:
        remove_element(source, listed, listed.elements.index(parent))
    else:
        raise UnpatchableError(f"{source.at(call)}: how this layer gets into the model does not show")
