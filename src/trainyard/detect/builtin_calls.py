"""Python's own functions, as far as they pass values on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from trainyard.detect import calls, dynamic
from trainyard.detect.containers import elements
from trainyard.detect.values import (
    UNKNOWN,
    Cls,
    Fn,
    Lib,
    Made,
    Map,
    Obj,
    Scope,
    Seq,
    Values,
    join,
    strings,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run


def builtin(  # noqa: PLR0911, PLR0912 - a table of cases
    run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST, scope: Scope
) -> Values | None:
    line = getattr(node, "lineno", 0)
    if name in ("list", "tuple", "set", "sorted", "reversed", "iter", "partial"):
        return tuple(v for v in args[0] if isinstance(v, Seq | Map)) if args else (Seq([]),)
    if name == "next":
        return elements(args[0]) if args else UNKNOWN
    if name == "enumerate":
        return (Seq([(Seq([UNKNOWN, elements(args[0])]),)]),) if args else UNKNOWN
    if name == "zip":
        return (Seq([(Seq([elements(a) for a in args]),)]),)
    if name == "dict":
        items: dict[Any, Values] = dict(kwargs)
        for value in args[0] if args else UNKNOWN:
            if isinstance(value, Map):
                items.update(value.items)
            elif isinstance(value, Seq):
                for pair in elements((value,)):
                    if isinstance(pair, Seq) and len(pair.items) == 2:
                        items[None] = join(items.get(None, UNKNOWN), pair.items[1])
        return (Map(items),)
    if name in ("map", "filter"):
        if len(args) > 1:
            inner = elements(args[1])
            out: Values = UNKNOWN
            for func in args[0]:
                if isinstance(func, Fn | Cls):
                    out = join(out, calls.invoke(run, func, [inner], {}, node, scope))
            return (Seq([out or inner]),)
        return UNKNOWN
    if name == "getattr" and len(args) > 1:
        return dynamic.attribute_by_name(run, args)
    if name == "setattr" and len(args) > 2:
        for label in strings(args[1]):
            for owner in args[0]:
                if isinstance(owner, Obj):
                    owner.attrs[label] = args[2]
        return UNKNOWN
    if name in ("exec", "eval", "execfile"):
        return dynamic.exec_text(run, name, args, node, scope)
    if name == "get_ipython":
        return (Made("IPython.get_ipython", [], {}, run.source.path, line),)
    if name in ("globals", "locals", "vars"):
        return (Lib("builtins.globals()"),)
    if name in ("input", "raw_input"):
        run.log.hazard(run.source, "input", line, "waits for somebody to type.")
        return UNKNOWN
    if name in ("print", "isinstance", "callable", "type", "reload", "range", "super"):
        return UNKNOWN
    return None
