"""How a file names something of Keras or scikit-learn: as it names its neighbours, imported where needed."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from trainyard.patch.source import Source, UnpatchableError
from trainyard.patch.syntax import appended, callee

_HOLDERS = ("layers", "optimizers", "callbacks", "regularizers")


def class_named(source: Source, call: cst.Call) -> str:
    """The class that a call makes, by its own name where the file imports it under another."""
    shown = callee(call)
    for _, alias in _imported(source):
        if alias.evaluated_alias == shown:
            return alias.evaluated_name
    return shown


def beside(source: Source, call: cst.Call, name: str) -> str:
    """`name` as the file would write it where it calls a neighbour of the same module.

    Args:
        call: makes the neighbour: `layers.Dense(8)` has `layers.Dropout` beside it.
    """
    func = call.func
    if isinstance(func, cst.Attribute):
        return f"{source.text(func.value)}.{name}"
    for statement, alias in _imported(source):
        if alias.evaluated_alias == callee(call) or alias.evaluated_name == callee(call):
            return _from(source, statement, name)
    if _starred(source, "layers"):
        return name
    raise UnpatchableError(f"{source.at(call)}: where {callee(call)} comes from does not show")


def of_keras(source: Source, holder: str, name: str) -> str:
    """`keras.<holder>.<name>` as the file would write it.

    Args:
        holder: `layers`, `optimizers`, `callbacks` or `regularizers`.
    """
    for statement, alias in _imported(source):
        module = _module(statement)
        if alias.evaluated_name == name and module.split(".")[-1] == holder:
            return alias.evaluated_alias or name
        if alias.evaluated_name == holder and _is_keras(module):
            return f"{alias.evaluated_alias or holder}.{name}"
    for statement, alias in _imported(source):
        if alias.evaluated_name == "keras" and _module(statement) in ("tensorflow", ""):
            return f"{alias.evaluated_alias or 'keras'}.{holder}.{name}"
    for one in source.nodes(cst.Import):
        for alias in one.names:
            shown = alias.evaluated_alias or alias.evaluated_name
            if alias.evaluated_name in ("keras", "tensorflow.keras", "tf_keras"):
                return f"{shown}.{holder}.{name}"
            if alias.evaluated_name == "tensorflow":
                return f"{shown}.keras.{holder}.{name}"
    for statement, _ in [*_imported(source), *_stars(source)]:
        if _is_keras(module := _module(statement)):
            root = module[: module.index("keras") + len("keras")]
            return _import(source, statement, f"{root}.{holder}", name)
    raise UnpatchableError(f"{source.file} does not import Keras itself")


def imported(source: Source, module: str, name: str) -> str:
    """`name` of `module`, imported behind the file's other imports where it is not yet."""
    for statement, alias in _imported(source):
        if alias.evaluated_name == name and _module(statement) == module:
            return alias.evaluated_alias or name
    top = module.split(".", maxsplit=1)[0]
    near = [one for one in source.nodes(cst.ImportFrom) if _module(one).split(".")[0] == top]
    anywhere: list[cst.ImportFrom | cst.Import] = [*near, *source.nodes(cst.ImportFrom)]
    anywhere += source.nodes(cst.Import)
    for one in anywhere:
        if isinstance(source.enclosing(one, cst.FunctionDef, cst.Module), cst.Module):
            return _import(source, one, module, name)
    raise UnpatchableError(f"{source.file} imports nothing")


def _from(source: Source, statement: cst.ImportFrom, name: str) -> str:
    """`name` by the statement that imports its neighbour; old Keras' parts of `layers` hold not all of it."""
    module = _module(statement)
    for holder in _HOLDERS:
        if holder in module.split("."):
            module = module[: module.index(holder) + len(holder)]
    for other, alias in _imported(source):
        if alias.evaluated_name == name and _module(other).startswith(module):
            return alias.evaluated_alias or name
    return _import(source, statement, module, name)


def _import(source: Source, near: cst.ImportFrom | cst.Import, module: str, name: str) -> str:
    """Imports `name`: in the statement `near` where that is of the same module, else right behind it."""
    if isinstance(near, cst.ImportFrom) and _module(near) == module:
        if not isinstance(near.names, cst.ImportStar) and name not in source.extended:
            source.extended.add(name)
            opening = near.lpar.whitespace_after if near.lpar else cst.SimpleWhitespace("")
            alias = cst.ImportAlias(name=cst.Name(name))
            source.change(near, lambda one: one.with_changes(names=appended(one.names, alias, opening)))
        return name
    line = source.enclosing(near, cst.SimpleStatementLine)
    if line is None:
        raise UnpatchableError(f"{source.at(near)}: an import can't be put beside this one")
    known = source.imports.setdefault(module, (line, []))[1]
    if name not in known:
        known.append(name)
    return name


def _imported(source: Source) -> Iterator[tuple[cst.ImportFrom, cst.ImportAlias]]:
    for statement in source.nodes(cst.ImportFrom):
        if not isinstance(statement.names, cst.ImportStar):
            for alias in statement.names:
                yield statement, alias


def _stars(source: Source) -> list[tuple[cst.ImportFrom, None]]:
    return [(one, None) for one in source.nodes(cst.ImportFrom) if isinstance(one.names, cst.ImportStar)]


def _starred(source: Source, holder: str) -> bool:
    return any(_module(one).split(".")[-1] == holder for one, _ in _stars(source))


def _module(statement: cst.ImportFrom | cst.Import) -> str:
    if isinstance(statement, cst.Import) or statement.module is None or statement.relative:
        return ""
    found, parts = statement.module, list[str]()
    while isinstance(found, cst.Attribute):
        parts.insert(0, found.attr.value)
        inner = found.value
        if not isinstance(inner, cst.Name | cst.Attribute):
            return ""
        found = inner
    return ".".join([found.value, *parts])


def _is_keras(module: str) -> bool:
    return "keras" in module.split(".") or module.startswith("tf_keras")
