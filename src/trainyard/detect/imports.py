"""Import statements: local files are walked, everything else becomes a library name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trainyard.detect import lookup
from trainyard.detect.knowledge.words import words
from trainyard.detect.program import Source
from trainyard.detect.values import UNKNOWN, Lib, Mod, Scope, Value, Values, join

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_SHADOWS = words(
    """
    keras tensorflow torch sklearn xgboost lightgbm catboost jax flax statsmodels transformers numpy pandas
    """
)


def plain(run: Run, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        _guarded_import(run, alias.name, node)
        value = import_module(run, alias.name, scope, whole=alias.asname is not None)
        name = alias.asname or alias.name.partition(".")[0]
        old = scope.names.get(name, UNKNOWN)
        if run.log.guarded and old:
            run.set_name(scope, name, join(old, (value,)))
        else:
            run.set_name(scope, name, (value,))


def _guarded_import(run: Run, name: str, node: ast.stmt) -> None:
    run.log.imported(run.source, name, node.lineno, guarded=run.log.guarded > 0)


def import_module(run: Run, dotted: str, scope: Scope, whole: bool = True) -> Value:
    """A module by its absolute name; `whole` is false for `import a.b`, which binds `a`."""
    found, folder = run.program.resolve(dotted, run.main.folder, run.source)
    if found is None and folder is None:
        return Lib(dotted if whole else dotted.partition(".")[0])
    if found is not None:
        run.module(found)
    if whole or "." not in dotted:
        return Mod(found, folder, dotted)
    head, head_folder = run.program.resolve(dotted.partition(".")[0], run.main.folder, run.source)
    return Mod(head, head_folder, dotted.partition(".")[0])


def from_module(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    if node.module == "__future__":
        return
    if node.level:
        base = _relative(run, node.level)
        parts = node.module.split(".") if node.module else []
        found, folder = run.program.at(base, parts) if parts else _package(run, base)
    else:
        _guarded_import(run, node.module or "", node)
        found, folder = run.program.resolve(node.module or "", run.main.folder, run.source)
    if found is None and folder is None:
        _from_library(run, node, scope)
        return
    _from_local(run, node, scope, Mod(found, folder, node.module or ""))


def _relative(run: Run, level: int) -> str:
    folder = run.source.folder
    for _ in range(level - 1):
        folder = folder.rpartition("/")[0]
    return folder


def _package(run: Run, folder: str) -> tuple[Source | None, str | None]:
    return run.program.sources.get(f"{folder}/__init__.py" if folder else "__init__.py"), folder


def _from_library(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    module = node.module or ""
    for alias in node.names:
        if alias.name == "*":
            scope.stars.append(module)
            run.log.imported(run.source, f"{module}.*", node.lineno, guarded=run.log.guarded > 0)
            continue
        name = f"{module}.{alias.name}"
        run.log.imported(run.source, name, node.lineno, guarded=run.log.guarded > 0)
        run.set_name(scope, alias.asname or alias.name, (Lib(name),))


def _from_local(run: Run, node: ast.ImportFrom, scope: Scope, mod: Mod) -> None:
    names = run.module(mod.source).names if mod.source is not None else {}
    for alias in node.names:
        if alias.name == "*":
            for name, values in list(names.items()):
                if not name.startswith("__"):
                    run.set_name(scope, name, values)
            if mod.source is not None:
                scope.stars += [s for s in run.module(mod.source).stars if s not in scope.stars]
            continue
        values = member(run, mod, alias.name)
        if not values and mod.source is not None and mod.source.name == (node.module or ""):
            values = _shadowed(run, node, alias.name, mod)
        run.set_name(scope, alias.asname or alias.name, values)


def _shadowed(run: Run, node: ast.ImportFrom, name: str, mod: Mod) -> Values:
    """A name that the local file of that name lacks, where a library of that name has one: the library is
    meant.
    """
    top = (node.module or "").partition(".")[0]
    if top not in _SHADOWS:
        return UNKNOWN
    run.log.hazard(
        run.source,
        "shadow",
        node.lineno,
        f"{mod.source.path} hides the library {top}; Python imports that file instead.",
    )
    return (Lib(f"{node.module}.{name}"),)


def member(run: Run, mod: Mod, name: str) -> Values:
    """A name of a local module, or a submodule of a package."""
    if mod.source is not None:
        scope = run.module(mod.source)
        values = scope.names.get(name, UNKNOWN)
        if values:
            return values
        values = lookup.from_stars(scope, name)
        if values:
            return values
    if mod.folder is not None:
        found, folder = run.program.at(mod.folder, [name])
        if found is not None:
            run.module(found)
        if found is not None or folder is not None:
            return (Mod(found, folder, f"{mod.dotted}.{name}"),)
    return UNKNOWN
