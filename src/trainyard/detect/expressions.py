"""What an expression may evaluate to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from trainyard.detect import calls, containers
from trainyard.detect.lookup import all_functions, attribute, lookup
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Const,
    Fn,
    Lib,
    Made,
    Map,
    Obj,
    Scope,
    Seq,
    Values,
    join,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

MAX_OWNERS = 8
"""Alternatives of a subscripted value that are looked into."""
MAX_ITEMS = 64
"""Elements of one literal list or dict that are kept."""


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Values:
    """All that `node` may be; walks into everything it contains."""
    run.steps += 1
    handler = _EXPRESSIONS.get(type(node))
    if handler is not None:
        result: Values = handler(run, node, scope)
        return result
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            evaluate(run, child, scope)
    return UNKNOWN


def known_truth(run: Run, test: ast.expr, scope: Scope) -> bool | None:
    """Whether a condition is certainly true or false: literals and `__name__ == "__main__"` only."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq | ast.NotEq | ast.In)
    ):
        sides = [test.left, test.comparators[0]]
        if any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides):
            names = {s.value for s in sides if isinstance(s, ast.Constant)}
            if isinstance(test.comparators[0], ast.Tuple | ast.List):
                names |= {c.value for c in test.comparators[0].elts if isinstance(c, ast.Constant)}
            if "__main__" in names or "__mp_main__" in names or "__builtin__" in names:
                is_main = scope.module.path in run.mains
                return is_main != isinstance(test.ops[0], ast.NotEq)
    if isinstance(test, ast.Name | ast.Attribute):
        name = test.id if isinstance(test, ast.Name) else test.attr
        if name == "TYPE_CHECKING":
            return False
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = known_truth(run, test.operand, scope)
        return None if inner is None else not inner
    return None


def _name(run: Run, node: ast.Name, scope: Scope) -> Values:
    return lookup(scope, node.id)


def _constant(run: Run, node: ast.Constant, scope: Scope) -> Values:
    return (Const(node.value),) if isinstance(node.value, str | int | float | bool | None) else UNKNOWN


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Values:
    owners = evaluate(run, node.value, scope)
    if len(owners) == 1:
        return attribute(run, owners[0], node.attr)
    out: Values = UNKNOWN
    for owner in owners:
        out = join(out, attribute(run, owner, node.attr))
    return out


def _sequence(run: Run, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Values:
    items: list[Values] = []
    for index, element in enumerate(node.elts):
        if index > MAX_ITEMS and isinstance(element, ast.Constant):
            break  # a table of data
        if isinstance(element, ast.Starred):
            for value in evaluate(run, element.value, scope):
                items += value.items[:MAX_ITEMS] if isinstance(value, Seq) else [(value,)]
        else:
            items.append(evaluate(run, element, scope))
    return (Seq(items[:MAX_ITEMS]),)


def _dict(run: Run, node: ast.Dict, scope: Scope) -> Values:
    items: dict[Any, Values] = {}
    for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if index > 4 * MAX_ITEMS:
            break
        values = evaluate(run, value, scope)
        if key is None:
            for spread in values:
                if isinstance(spread, Map):
                    items.update(spread.items)
            continue
        if isinstance(key, ast.Constant) and isinstance(key.value, str | int | float | bool):
            items[key.value] = values
        else:
            names = evaluate(run, key, scope)
            items[None] = join(items.get(None, UNKNOWN), values)
            for name in names:
                if isinstance(name, Made | Obj):
                    items[None] = join(items[None], (name,))
    return (Map(items),)


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Values:
    owners = evaluate(run, node.value, scope)
    index = evaluate(run, node.slice, scope)
    label = index[0].value if len(index) == 1 and isinstance(index[0], Const) else None
    out: Values = UNKNOWN
    for owner in owners[:MAX_OWNERS]:
        if isinstance(owner, Map):
            found = owner.items.get(label, UNKNOWN) if label is not None else UNKNOWN
            out = join(out, found or containers.elements((owner,), of_values=True))
        elif isinstance(owner, Seq):
            if (
                isinstance(label, int)
                and not isinstance(label, bool)
                and -len(owner.items) <= label < len(owner.items)
            ):
                out = join(out, owner.items[label])
            elif isinstance(node.slice, ast.Slice):
                out = join(out, (owner,))
            else:
                out = join(out, containers.elements((owner,)))
        elif isinstance(owner, Lib):
            if owner.name in ("builtins.globals()", "builtins.locals()"):
                out = join(out, lookup(scope, label) if isinstance(label, str) else all_functions(scope))
            else:
                out = join(
                    out, (Lib(f"{owner.name}.{label}" if isinstance(label, str) else f"{owner.name}.item"),)
                )
        elif isinstance(owner, Made | Attr):
            out = join(out, (owner,))
    return out


def _call(run: Run, node: ast.Call, scope: Scope) -> Values:
    return calls.call(run, node, scope)


def _lambda(run: Run, node: ast.Lambda, scope: Scope) -> Values:
    return (Fn(node, scope),)


def _choice(run: Run, node: ast.IfExp, scope: Scope) -> Values:
    evaluate(run, node.test, scope)
    return join(evaluate(run, node.body, scope), evaluate(run, node.orelse, scope))


def _either(run: Run, node: ast.BoolOp, scope: Scope) -> Values:
    out: Values = UNKNOWN
    for value in node.values:
        out = join(out, evaluate(run, value, scope))
    return out


def _binary(run: Run, node: ast.BinOp, scope: Scope) -> Values:
    # Long chains (a + b + c ...) lean left: walk them flat.
    right: list[Values] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        right.append(evaluate(run, left.right, scope))
        left = left.left
    first = evaluate(run, left, scope)
    out: Values = UNKNOWN
    for values in (first, *reversed(right)):
        out = join(out, tuple(v for v in values if not isinstance(v, Const)))
    if out and all(isinstance(v, Seq) for v in out) and len(out) > 1:
        items: list[Values] = []
        for value in out:
            if isinstance(value, Seq):
                items += value.items
        return (Seq(items[:MAX_ITEMS]),)
    if not out and first and isinstance(first[0], Const) and isinstance(first[0].value, str):
        return UNKNOWN
    return out


def _comprehension(run: Run, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope) -> Values:
    inner = _generators(run, node.generators, scope)
    run.loops += 1
    value = evaluate(run, node.elt, inner)
    run.loops -= 1
    return (Seq([value]),)


def _dict_comprehension(run: Run, node: ast.DictComp, scope: Scope) -> Values:
    inner = _generators(run, node.generators, scope)
    evaluate(run, node.key, inner)
    return (Map({None: evaluate(run, node.value, inner)}),)


def _generators(run: Run, generators: list[ast.comprehension], scope: Scope) -> Scope:
    inner = Scope(scope.module, scope)
    for generator in generators:
        run.assign(generator.target, containers.elements(evaluate(run, generator.iter, inner)), inner)
        for test in generator.ifs:
            evaluate(run, test, inner)
    return inner


def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Values:
    values = evaluate(run, node.value, scope)
    run.assign(node.target, values, scope)
    return values


def _inner(run: Run, node: ast.Await | ast.Starred | ast.YieldFrom, scope: Scope) -> Values:
    return evaluate(run, node.value, scope)


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Values:
    evaluate(run, node.left, scope)
    for value in node.comparators:
        evaluate(run, value, scope)
    return UNKNOWN


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Values:
    evaluate(run, node.operand, scope)
    return UNKNOWN


def _format(run: Run, node: ast.JoinedStr, scope: Scope) -> Values:
    for part in node.values:
        if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.Name | ast.Constant):
            evaluate(run, part.value, scope)
    return UNKNOWN


def _slice(run: Run, node: ast.Slice, scope: Scope) -> Values:
    return UNKNOWN


def _yield(run: Run, node: ast.Yield, scope: Scope) -> Values:
    if node.value is not None:
        scope.returns = join(scope.returns, (Seq([evaluate(run, node.value, scope)]),))
    return UNKNOWN


_EXPRESSIONS: dict[type, Any] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.Lambda: _lambda,
    ast.IfExp: _choice,
    ast.BoolOp: _either,
    ast.BinOp: _binary,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.NamedExpr: _walrus,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.YieldFrom: _inner,
    ast.Yield: _yield,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.JoinedStr: _format,
    ast.Slice: _slice,
}
