"""What a script does up to the last framework that it imports, read from its syntax without running it.

Only this much of a script can be done before its turn (`warm`): the imports of frameworks, and the
environment variables that are set before them and steer them, such as `TF_CPP_MIN_LOG_LEVEL`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trainyard_harness.notebook import source_of

_FRAMEWORKS = {"keras", "tensorflow", "tf_keras", "torch"}
"""What is slow to import, and hooked the same whether it is imported before the hooks or after them."""
_HARMLESS = {"PYTHONHASHSEED"}
"""Variables that steer only processes that the script starts."""
_READING = {"get", "copy", "items", "keys", "values"}
_SETTING = {"putenv", "unsetenv", "load_dotenv"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Variable:
    """An environment variable that the script sets."""

    name: str
    value: str
    default: bool
    """Whether only where it is not set already."""


Step = Variable | ast.Import | ast.ImportFrom


def opening(entry: Path, source: Path) -> list[Step]:
    """The steps up to the last import of a framework, in the order in which the script comes to them.

    The repository's own modules are followed where they are imported.

    Returns:
        An empty list where there is no such import, or where something before the last one may set
        variables in a way that cannot be foretold.

    Raises:
        OSError: a file cannot be read.
        ValueError: it is no text.
        SyntaxError: it is no Python.
    """
    found = _Reader([entry.parent, source]).read(entry)
    last = max((at for at, one in enumerate(found) if isinstance(one, ast.stmt)), default=-1)
    steps = [one for one in found[: last + 1] if one is not None]
    return steps if len(steps) == last + 1 else []


@dataclass
class _Reader:
    folders: list[Path]
    """Where Python looks for the repository's modules."""
    seen: set[Path] = field(default_factory=set)
    setters: set[str] = field(default_factory=set)
    """Functions that set variables once they are called."""

    def read(self, path: Path) -> list[Step | None]:
        """The steps of a file; None stands for something that sets variables in its own way."""
        self.seen.add(path)
        return list(self._steps(ast.parse(source_of(path)).body, path))

    def _steps(self, body: list[ast.stmt], path: Path) -> Iterator[Step | None]:
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for own in _own_modules(node, path, self.folders):
                    if own not in self.seen:
                        yield from self.read(own)
                yield from _of_framework(node)
                if any(one.asname and one.name in {"environ", *_SETTING} for one in node.names):
                    yield None
            elif isinstance(node, ast.Try):
                yield from self._steps(node.body, path)
                others = [*node.handlers, *node.orelse, *node.finalbody]
                if any(map(self._sets_variables, others)):
                    yield None
            elif (variable := _variable(node)) is not None:
                yield variable
            elif isinstance(node, _FUNCTIONS):
                if self._sets_variables(node):
                    self.setters.add(node.name)
            elif self._sets_variables(node):
                yield None

    def _sets_variables(self, node: ast.AST) -> bool:
        called = {_name_of(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
        return bool(called & self.setters) or _mentions_setting(node)


def _of_framework(node: ast.Import | ast.ImportFrom) -> Iterator[Step]:
    if isinstance(node, ast.ImportFrom):
        if not node.level and (node.module or "").partition(".")[0] in _FRAMEWORKS:
            yield node
    elif names := [one for one in node.names if one.name.partition(".")[0] in _FRAMEWORKS]:
        yield ast.copy_location(ast.Import(names), node)


def _own_modules(node: ast.Import | ast.ImportFrom, path: Path, folders: list[Path]) -> Iterator[Path]:
    """The files of the repository that an import runs, packages before their modules."""
    if isinstance(node, ast.Import):
        names = [one.name for one in node.names]
    else:
        names = [".".join(filter(None, (node.module, one.name))) for one in node.names]
        if node.level:
            folders = list(path.parents[node.level - 1 : node.level])
    for name in names:
        found = (_files(folder, name.split(".")) for folder in folders)
        yield from next(filter(None, found), [])


def _files(folder: Path, parts: list[str]) -> list[Path]:
    """The files that a dotted name stands for in that folder; none where it is of another place."""
    modules = [folder.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
    ways = [(one / "__init__.py", one.with_name(f"{one.name}.py")) for one in modules]
    return [file for way in ways if (file := next(filter(Path.is_file, way), None))]


def _variable(node: ast.stmt) -> Variable | None:
    """`os.environ["A"] = "b"` and `os.environ.setdefault("A", "b")`."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=mapping, slice=name)], value=value):
            default = False
        case ast.Expr(value=ast.Call(
            func=ast.Attribute(value=mapping, attr="setdefault"), args=[name, value], keywords=[]
        )):  # fmt: skip
            default = True
        case _:
            return None
    match name, value:
        case ast.Constant(value=str(text)), ast.Constant(value=str(content)) if _is_environment(mapping):
            return Variable(text, content, default)
    return None


def _mentions_setting(node: ast.AST) -> bool:
    """Whether something in it may set environment variables."""
    harmless: set[ast.AST] = set()
    for one in ast.walk(node):
        match one:
            case ast.Attribute(value=mapping, attr=name) if name in _READING:
                harmless.add(mapping)
            case ast.Subscript(value=mapping, ctx=ast.Load()):
                harmless.add(mapping)
            case ast.Subscript(value=mapping, slice=ast.Constant(value=name)) if name in _HARMLESS:
                harmless.add(mapping)
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[mapping]):
                harmless.add(mapping)
    return any(
        (_is_environment(one) and one not in harmless) or _name_of(one) in _SETTING for one in ast.walk(node)
    )


def _is_environment(node: ast.AST) -> bool:
    return _name_of(node) == "environ"


def _name_of(node: ast.AST) -> str | None:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return None
