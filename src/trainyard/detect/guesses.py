"""Methods and attributes whose owner is unknown: what the repository's own classes suggest."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trainyard.detect import calls
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import (
    UNKNOWN,
    Fn,
    Obj,
    Values,
    find_in_class,
    join,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

MAX_GUESSED = 4
"""Local classes that a method of something unknown may belong to."""


_COMMON = words(
    """
    append add get set items keys values update pop close read write join format split strip copy extend
    sort index count open load save show plot predict transform reshape mean sum info debug error warning
    print reset step size to __init__ forward
    """
)


def late_attribute(run: Run, owner: Obj, name: str) -> Values:
    """`self.name` before anything set it: walks the method that sets it."""
    key = (id(owner.cls.node), name)
    if key in run.late or run.depth > 10:
        return UNKNOWN
    run.late.add(key)
    for values in list(owner.cls.body.names.values()):
        for value in values:
            if isinstance(value, Fn) and _sets(value.node, name):
                run.call_fn(Fn(value.node, value.scope, owner, value.owner), [], {}, value.node)
    return owner.attrs.get(name, UNKNOWN)


def _sets(node: ast.AST, name: str) -> bool:
    for child in ast.walk(node):
        if isinstance(child, ast.Assign):
            for target in child.targets:
                if isinstance(target, ast.Attribute) and target.attr == name:
                    return isinstance(target.value, ast.Name) and target.value.id == "self"
    return False


def by_name(run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    """A method of something unknown: those of the few local classes that have one of that name."""
    owners = run.methods.get(name, [])
    if name in _COMMON or not 0 < len(owners) <= MAX_GUESSED or run.guessing > 1:
        return UNKNOWN
    out: Values = UNKNOWN
    run.guessing += 1
    for cls in owners:
        made = next((o for o in run.objects.values() if o.cls is cls), None) or calls.instantiate(
            run, cls, [], {}, 0
        )
        for method in find_in_class(cls, name):
            if isinstance(method, Fn):
                calls.own_training(run, method, getattr(node, "lineno", 0))
                out = join(
                    out, run.call_fn(Fn(method.node, method.scope, made, method.owner), args, kwargs, node)
                )
    run.guessing -= 1
    return out
