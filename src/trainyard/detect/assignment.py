"""Assignment targets of any shape."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from trainyard.detect import containers
from trainyard.detect.values import (
    UNKNOWN,
    Const,
    Made,
    Map,
    Mod,
    Obj,
    Scope,
    Seq,
    Values,
    join,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run


def set_name(run: Run, scope: Scope, name: str, values: Values) -> None:
    """Assigns a name, honouring `global`."""
    if name in scope.globals_:
        while scope.parent is not None:
            scope = scope.parent
    if run.weak and (run.weak > 0):
        old = scope.names.get(name)
        if old and values:
            values = join(old, values)
        elif old:
            values = old
    scope.names[name] = values


def assign(run: Run, target: ast.expr, values: Values, scope: Scope) -> None:  # noqa: PLR0912 - a table of cases
    """Binds any assignment target."""
    if isinstance(target, ast.Name):
        set_name(run, scope, target.id, values)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(run, target.elts, values, scope)
    elif isinstance(target, ast.Attribute):
        for owner in run.evaluate(target.value, scope):
            if isinstance(owner, Obj):
                old = owner.attrs.get(target.attr, UNKNOWN)
                owner.attrs[target.attr] = join(values, old) if run.weak or run.loops else (values or old)
            elif isinstance(owner, Made):
                if values and len(owner.parts) < 64:
                    owner.parts.append(values)
            elif isinstance(owner, Mod) and owner.source is not None:
                run.module(owner.source).names[target.attr] = values
    elif isinstance(target, ast.Subscript):
        key = run.evaluate(target.slice, scope)
        for owner in run.evaluate(target.value, scope):
            if isinstance(owner, Map):
                label = key[0].value if len(key) == 1 and isinstance(key[0], Const) else None
                containers.put(owner, label if _hashable(label) else None, values)
            elif isinstance(owner, Seq) and len(owner.items) < 64:
                owner.items.append(values)
    elif isinstance(target, ast.Starred):
        assign(run, target.value, values, scope)


def _unpack(run: Run, targets: list[ast.expr], values: Values, scope: Scope) -> None:
    for index, target in enumerate(targets):
        got: Values = UNKNOWN
        for value in values:
            if isinstance(value, Seq):
                if index < len(value.items):
                    got = join(got, value.items[index])
            else:
                got = join(got, (value,))
        assign(run, target, got, scope)


def _hashable(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | None)
