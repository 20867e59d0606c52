"""Patches which layers a Keras script has: new ones are put among its own, others are taken out."""

from __future__ import annotations

from typing import Any

import libcst as cst

from trainyard.patch import names, written
from trainyard.patch.settings import check
from trainyard.patch.source import Source, Sources, UnpatchableError
from trainyard.patch.syntax import callee, insert_element, remove_argument, remove_element
from trainyard.patch.wanted import Chain, Layer, Network

_SHAPES = ("input_shape", "input_dim", "batch_input_shape")
"""Arguments by which the first layer says what comes in."""


def patch(sources: Sources, network: Network) -> None:
    """Makes the script put the winner's layers together.

    Raises:
        UnpatchableError: it does not show where, or one line makes layers that would have to differ.
    """
    placed: dict[cst.CSTNode, int] = {}
    for chain in network.chains:
        _Place(sources, network, chain, placed).patch()
    for name in network.removed:
        _remove(sources, network.layers[name])


class _Place:
    """Where a chain of new layers goes: behind a layer, into the place of one, or to the input."""

    def __init__(
        self, sources: Sources, network: Network, chain: Chain, placed: dict[cst.CSTNode, int]
    ) -> None:
        self.sources, self.network, self.chain, self.placed = sources, network, chain, placed

    def patch(self) -> None:
        chain = self.chain
        anchor = chain.replaces or chain.behind
        if anchor is None:
            fed = [self.network.layers[name] for name in chain.before]
            if len(fed) == 1:
                self._in_front(fed[0])
            else:
                self._between(fed)
            return
        layer = self.network.layers[anchor]
        source, call = self._made(layer)
        together = self._together(layer)
        if not self._alike(together):
            follower = self.network.layers[chain.before[0]] if len(chain.before) == 1 else layer
            if chain.replaces or len(self._together(follower)) > 1:
                raise UnpatchableError(
                    f"{source.at(call)}: several layers are made by this line, and not all of them would get "
                    "another behind them"
                )
            self._in_front(follower)
            return
        count = self.placed[call] = self.placed.get(call, 0) + 1
        if count > 1:
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
        check(source, call, layer.kind)
        return source, call

    def _together(self, layer: Layer) -> list[Layer]:
        """The layers that are made by the same call as this one, in a loop or a function, itself included."""
        return [one for one in self.network.layers.values() if one.made_at[:1] == layer.made_at[:1]]

    def _alike(self, layers: list[Layer]) -> bool:
        """Whether all of them get the same chain, so that one change of source makes all."""

        def signature(chain: Chain) -> Any:
            return [(kind, {k: v for k, v in config.items() if k != "name"}) for kind, config in chain.layers]

        chains = {chain.replaces or chain.behind: chain for chain in self.network.chains}
        mine = signature(self.chain)
        return all(one.name in chains and signature(chains[one.name]) == mine for one in layers)

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
            if (assigned := _assigned(source, parent)) is not None:
                line, variable = assigned
                lines = [source.statement(f"{variable} = {text}({variable})\n") for text in calls]
                source.insert(line, after=lines)
                return
            new = [source.expression(text) for text in calls]
            source.change(parent, lambda inner: _applied(new, inner))
        elif (added := _added(source, node)) is not None:
            line, receiver = added
            source.insert(line, after=[source.statement(f"{receiver}.add({text})\n") for text in calls])
        elif isinstance(parent, cst.Element) and (listed := _listed(source, parent)) is not None:
            insert_element(source, listed, listed.elements.index(parent), calls)
        else:
            raise UnpatchableError(f"{source.at(call)}: how this layer gets into the model does not show")

    def _between(self, fed: list[Layer]) -> None:
        """Puts the chain on a line of its own behind an input that feeds several layers."""
        uses: list[tuple[Source, cst.Name]] = []
        for layer in fed:
            source, call = self._made(layer)
            parent = source.parent(_handle(source, call))
            value = parent.args[0].value if isinstance(parent, cst.Call) and len(parent.args) == 1 else None
            if not isinstance(value, cst.Name):
                raise UnpatchableError(f"{source.at(call)}: what this layer is called on does not show")
            uses.append((source, value))
        source, variable = uses[0]
        made = [one for one in source.nodes(cst.AssignTarget) if _is_named(one.target, variable.value)]
        line = source.enclosing(made[0], cst.SimpleStatementLine) if len(made) == 1 else None
        if line is None or any(one is not source or name.value != variable.value for one, name in uses):
            raise UnpatchableError(
                f"{source.at(variable)}: where the input of these layers is made does not show"
            )
        new = f"{variable.value}_prepared"
        texts = self._written(source, self._made(fed[0])[1])
        lines = [
            f"{new} = {text}({variable.value if not place else new})\n" for place, text in enumerate(texts)
        ]
        source.insert(line, after=[source.statement(text) for text in lines])
        for _, name in uses:
            source.replace(name, new)

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
        first = self.chain.behind is None
        for arg in [one for one in call.args if first and one.keyword and one.keyword.value in _SHAPES]:
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


def _is_named(target: cst.CSTNode, name: str) -> bool:
    return isinstance(target, cst.Name) and target.value == name


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


def _assigned(source: Source, applied: cst.Call) -> tuple[cst.SimpleStatementLine, str] | None:
    """(the line, the variable) of `variable = applied` where it stands on a line of its own."""
    parent = source.parent(applied)
    if not (isinstance(parent, cst.Assign) and len(parent.targets) == 1):
        return None
    target, line = parent.targets[0].target, source.parent(parent)
    if not (
        isinstance(target, cst.Name) and isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    ):
        return None
    return line, target.value


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
    check(source, call, layer.kind)
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
