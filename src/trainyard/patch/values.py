"""Where a setting's value comes from: followed from the call through names, loops and parameters. Pure."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import libcst as cst

from trainyard.patch.source import Source, Sources, UnpatchableError
from trainyard.patch.syntax import argument, callee


@dataclass(frozen=True, eq=False)
class Site:
    """One expression that a value passes through; `reads` is the name by which it was reached."""

    source: Source
    node: cst.BaseExpression
    reads: cst.Name | None = None


def trail(
    sources: Sources, source: Source, places: tuple[str, ...], expression: cst.BaseExpression, turn: int = 0
) -> list[Site]:
    """The expressions that give a value, from where it is used to where it is written.

    Args:
        source: the file that `expression` stands in.
        places: the calls under way, innermost first; `expression` stands in the function of the first.
        turn: which turn of a loop this is, where one makes several layers by the same call.
    """
    found = [Site(source, expression)]
    seen: set[cst.CSTNode] = set()
    while isinstance(name := found[-1].node, cst.Name) and name not in seen:
        seen.add(name)
        source = found[-1].source
        function = source.enclosing(name, cst.FunctionDef)
        step = _looped(sources, source, places, name, turn) or _assigned(source, name, function)
        if step is None and isinstance(function, cst.FunctionDef):
            parameter = _parameter(function, name.value)
            if parameter is not None:
                step = _passed(sources, source, function, name.value, parameter, places[1:])
                places = places[1:]
            else:
                step = _assigned(source, name, None)
        if step is None:
            break
        found.append(Site(*step, reads=name))
    return found


def literal(node: cst.BaseExpression, source: Source) -> Any:
    """The value of a literal; an object equal to no other where the expression is none."""
    try:
        return ast.literal_eval(source.text(node).strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return object()


@dataclass(frozen=True)
class Demand:
    """That a value be `new`; `old` is what it is now. Where both are one, it only must not change.

    Attributes:
        trail: of the expression that gives it.
        alone: change it where it is written even if more than what demands something reads it.
    """

    trail: list[Site]
    old: Any
    new: str
    changed: bool
    alone: bool = False


def settle(demands: list[Demand]) -> None:
    """Rewrites the values, each as far back as nobody else is touched: the variable rather than its use.

    Raises:
        UnpatchableError: one expression would have to have two values.
    """
    done: dict[cst.CSTNode, str] = {}
    for demand in demands:
        if not demand.changed:
            continue
        site = next((one for one in reversed(demand.trail) if _fits(one, demand, demands)), None)
        if site is None:
            raise UnpatchableError(
                f"{demand.trail[0].source.at(demand.trail[0].node)}: several layers are made by this line, "
                "and they would have to differ"
            )
        if done.setdefault(site.node, demand.new) != demand.new:
            raise UnpatchableError(f"{site.source.at(site.node)}: this value would have to be two")
    for demand in demands:
        for site in demand.trail:
            if (text := done.pop(site.node, None)) is not None:
                site.source.replace(site.node, text)


def _fits(site: Site, demand: Demand, demands: list[Demand]) -> bool:
    place = demand.trail.index(site)
    if place and literal(site.node, site.source) != demand.old:
        return False
    through = [one for one in demands if any(other.node is site.node for other in one.trail)]
    if any(one.new != demand.new for one in through):
        return False
    if demand.alone or not place or site.reads is None:
        return True
    reading = {id(other.reads) for one in through for other in one.trail if other.reads is not None}
    return all(id(name) in reading for name in _reads(site))


def _reads(site: Site) -> list[cst.Name]:
    """Every use of the variable by which the site was reached, in its file."""
    assert site.reads is not None  # noqa: S101 - asked only of sites that a name leads to
    return [
        name
        for name in site.source.nodes(cst.Name)
        if name.value == site.reads.value and not _is_written(site.source, name)
    ]


def _is_written(source: Source, name: cst.Name) -> bool:
    """Whether the name stands where it is bound, or is no variable at all: a keyword, an attribute."""
    parent = source.parent(name)
    if isinstance(parent, cst.Arg):
        return parent.keyword is name
    if isinstance(parent, cst.Attribute):
        return parent.attr is name
    if isinstance(parent, cst.Param):
        return parent.name is name
    if isinstance(parent, cst.For | cst.CompFor | cst.AnnAssign):
        return parent.target is name
    return isinstance(parent, cst.AssignTarget)


Step = tuple[Source, cst.BaseExpression]


def _assigned(source: Source, name: cst.Name, function: cst.CSTNode | None) -> Step | None:
    """The value of the name's only assignment in this function (None: at the top of the file)."""
    found: list[cst.BaseExpression] = []
    for target in source.nodes(cst.AssignTarget):
        made = source.parent(target)
        if _is(target.target, name) and _within(source, target, function) and isinstance(made, cst.Assign):
            found.append(made.value)
    for statement in source.nodes(cst.AnnAssign):
        if _is(statement.target, name) and _within(source, statement, function) and statement.value:
            found.append(statement.value)
    if len(found) != 1 or any(_is(one.target, name) for one in source.nodes(cst.AugAssign)):
        return None
    return source, found[0]


def _looped(
    sources: Sources, source: Source, places: tuple[str, ...], name: cst.Name, turn: int
) -> Step | None:
    """The element of a literal list that a loop around the name binds it to in this turn."""
    loops: list[cst.For | cst.CompFor] = [*source.nodes(cst.For), *source.nodes(cst.CompFor)]
    function = source.enclosing(name, cst.FunctionDef)
    for loop in loops:
        if not (_is(loop.target, name) and _within(source, loop, function)):
            continue
        listed = trail(sources, source, places, loop.iter)[-1]
        if isinstance(listed.node, cst.List | cst.Tuple) and 0 <= turn < len(listed.node.elements):
            element = listed.node.elements[turn]
            if isinstance(element, cst.Element):
                return listed.source, element.value
    return None


def _passed(
    sources: Sources,
    source: Source,
    function: cst.FunctionDef,
    name: str,
    parameter: tuple[int | None, cst.BaseExpression | None],
    callers: tuple[str, ...],
) -> Step | None:
    """What the caller gives for a parameter, else its default."""
    position, default = parameter
    try:
        caller, call = sources.call(callers[0]) if callers else (None, None)
    except UnpatchableError:
        return None
    if caller is not None and call is not None:
        if callee(call) != function.name.value:  # a method or a class: `self` is given by the object
            position = position - 1 if position else None
        if (given := argument(call, name, position)) is not None:
            return caller, given.value
    return (source, default) if default is not None else None


def _is(target: cst.CSTNode, name: cst.Name) -> bool:
    return isinstance(target, cst.Name) and target.value == name.value


def _within(source: Source, node: cst.CSTNode, function: cst.CSTNode | None) -> bool:
    return source.enclosing(node, cst.FunctionDef) is function


def _parameter(function: cst.FunctionDef, name: str) -> tuple[int | None, cst.BaseExpression | None] | None:
    """(position, default) of a parameter; None where there is none of that name."""
    params = function.params
    for position, one in enumerate([*params.posonly_params, *params.params]):
        if one.name.value == name:
            return position, one.default
    return next(((None, one.default) for one in params.kwonly_params if one.name.value == name), None)
