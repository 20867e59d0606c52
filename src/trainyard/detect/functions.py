"""Calling a function of the repository: arguments bound, body walked once per kind of arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from trainyard.detect.values import (
    UNKNOWN,
    Fn,
    Map,
    Scope,
    Seq,
    Super,
    Values,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

MAX_CALL_DEPTH = 16
MAX_SIGNATURES = 4
"""Times that one function is walked again for other kinds of arguments."""


def call(run: Run, fn: Fn, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    """Walks a function of the repository with these arguments, once per kind of arguments."""
    key = (
        id(fn.node),
        fn.bound.key() if fn.bound is not None else None,
        tuple(tuple(v.key() for v in vs[:6]) for vs in args[:8]),
        tuple((k, tuple(v.key() for v in vs[:6])) for k, vs in kwargs.items() if vs),
    )
    if key in run.walked:
        return run.walked[key]
    count = run.counts.get(id(fn.node), 0)
    if count >= MAX_SIGNATURES or run.depth >= MAX_CALL_DEPTH or run.exhausted:
        return UNKNOWN
    run.counts[id(fn.node)] = count + 1
    run.walked[key] = UNKNOWN
    scope = Scope(fn.scope.module, fn.scope)
    bind(fn, args, kwargs, scope)
    outer = (run.source, run.weak, run.log.guarded)
    run.source, run.weak, run.log.guarded = fn.scope.module, 0, 0
    run.depth += 1
    if fn.bound is not None and fn.owner is not None:
        scope.names["__class__"] = (Super(fn.bound, fn.owner),)
    try:
        if isinstance(fn.node, ast.Lambda):
            result = run.evaluate(fn.node.body, scope)
        else:
            run.log.entered(run.source, fn.node)
            _defaults(run, fn, scope)
            run.block(fn.node.body, scope)
            result = scope.returns
    finally:
        run.depth -= 1
        run.source, run.weak, run.log.guarded = outer
    run.walked[key] = result
    return result


def _defaults(run: Run, fn: Fn, scope: Scope) -> None:
    arguments = fn.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=False
    ):
        if not scope.names.get(argument.arg):
            scope.names[argument.arg] = run.evaluate(default, fn.scope)
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False):
        if value is not None and not scope.names.get(argument.arg):
            scope.names[argument.arg] = run.evaluate(value, fn.scope)


def bind(fn: Fn, args: list[Values], kwargs: dict[str, Values], scope: Scope) -> None:
    """Binds arguments to parameters."""
    arguments = fn.node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    for name in (*names, *(a.arg for a in arguments.kwonlyargs)):
        scope.names[name] = UNKNOWN
    if fn.bound is not None and not isinstance(fn.node, ast.Lambda):
        static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in fn.node.decorator_list)
        if not static and names:
            scope.names[names[0]] = (fn.bound,)
            names = names[1:]
    for name, values in zip(names, args, strict=False):
        scope.names[name] = values
    if arguments.vararg is not None:
        scope.names[arguments.vararg.arg] = (Seq(list(args[len(names) :])),)
    extra: dict[Any, Values] = {}
    known = {*names, *(a.arg for a in arguments.kwonlyargs)}
    for name, values in kwargs.items():
        if name in known:
            scope.names[name] = values
        else:
            extra[name] = values
    if arguments.kwarg is not None:
        scope.names[arguments.kwarg.arg] = (Map(extra),)
