"""Code reached by name or by text: `getattr`, `exec`, `runpy`, exported notebook cells, `fire`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trainyard.detect import calls
from trainyard.detect.values import (
    UNKNOWN,
    Cls,
    Fn,
    Lib,
    Mod,
    Obj,
    Scope,
    Values,
    join,
    strings,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run


MAX_MEMBERS = 8
"""Modules of a package that a composed name may mean."""


def fire(run: Run, args: list[Values], node: ast.AST) -> None:
    names = run.scopes[run.main.path].names
    given = [v for vs in args[:1] for v in vs] or [
        v for vs in names.values() for v in vs if isinstance(v, Fn | Cls)
    ]
    for value in given:
        if isinstance(value, Cls):
            made = calls.instantiate(run, value, [], {}, 0)
            for values in value.body.names.values():
                for method in values:
                    if isinstance(method, Fn) and not getattr(method.node, "name", "_").startswith("_"):
                        run.call_fn(Fn(method.node, method.scope, made, method.owner), [], {}, node)
        elif isinstance(value, Fn):
            run.call_fn(value, [], {}, node)


def attribute_by_name(run: Run, args: list[Values]) -> Values:
    from trainyard.detect.lookup import attribute

    labels = strings(args[1])
    out: Values = args[2] if len(args) > 2 else UNKNOWN
    for owner in args[0]:
        for label in labels:
            out = join(out, attribute(run, owner, label))
        if not labels:
            if isinstance(owner, Lib):
                out = join(out, (Lib(f"{owner.name}.*"),))
            elif isinstance(owner, Mod) and owner.source is not None:
                for values in run.module(owner.source).names.values():
                    out = join(out, tuple(v for v in values if isinstance(v, Cls | Fn | Mod)))
            elif isinstance(owner, Obj):
                for values in owner.cls.body.names.values():
                    for value in values:
                        if isinstance(value, Fn) and not getattr(value.node, "name", "_").startswith("_"):
                            out = join(out, (Fn(value.node, value.scope, owner, value.owner),))
    return out


def exec_text(run: Run, name: str, args: list[Values], node: ast.AST, scope: Scope) -> Values:
    """`exec` and `eval` of literal text are walked; of a file's text, that file is."""
    if not args:
        return UNKNOWN
    for text in strings(args[0]):
        if name == "execfile":
            run_file(run, text)
            continue
        try:
            tree = ast.parse(text[:20_000])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        ast.increment_lineno(tree, getattr(node, "lineno", 1) - 1)
        if name == "eval" and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            return run.evaluate(tree.body[0].value, scope)
        run.block(tree.body, scope)
    if isinstance(node, ast.Call) and node.args:
        for child in ast.walk(node.args[0]):
            if (
                isinstance(child, ast.Constant)
                and isinstance(child.value, str)
                and child.value.endswith(".py")
            ):
                run_file(run, child.value)
    return UNKNOWN


def cell(run: Run, args: list[Values], node: ast.Call) -> Values:
    """`get_ipython().run_cell_magic("time", "", code)`, as notebooks exported to Python have it."""
    if strings(args[0])[:1] in (["time"], ["timeit"], ["capture"], ["prun"]):
        scope = run.scopes.get(run.source.path)
        if scope is not None:
            exec_text(run, "exec", args[2:3], node, scope)
    return UNKNOWN


def run_file(run: Run, path: str) -> None:
    parts = path.replace("\\", "/").removeprefix("./").removesuffix(".py").replace(".", "/").split("/")
    for base in (run.main.folder, ""):
        source, _ = run.program.at(base, [p for p in parts if p])
        if source is not None and source is not run.source:
            scope = run.scopes.get(source.path)
            if scope is None:
                run.mains.add(source.path)
                imports, run.imports = run.imports, -1  # what it reaches counts as called, not as imported
                run.module(source)
                run.imports = imports
            return


def members_by_prefix(run: Run, node: ast.AST) -> Values:
    """`import_module("models." + name)`: any module of that local package."""
    argument = node.args[0] if isinstance(node, ast.Call) and node.args else None
    prefix = _beginning(argument)
    if not prefix.endswith("."):
        return UNKNOWN
    for base in dict.fromkeys((run.main.folder, run.source.folder, "", "src")):
        place = "/".join(p for p in (base, *prefix.rstrip(".").split(".")) if p)
        found = [
            source
            for source in run.program.sources.values()
            if source.folder == place and not source.notebook and source.name != "__init__"
        ]
        if found:
            for source in found[:MAX_MEMBERS]:
                run.module(source)
            return tuple(Mod(source, None, prefix + source.name) for source in found[:MAX_MEMBERS])
    return UNKNOWN


def _beginning(node: ast.expr | None) -> str:
    """The literal text that a composed string starts with."""
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.partition("{")[0].partition("%")[0]
    return ""
