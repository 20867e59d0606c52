"""The script's own classes and functions, kept beside a model that is made of them.

A subclassed network, a custom loss or a transformer of the script's own cannot be loaded without its code.
Stored is what defines something: imports, functions, classes, names for other names, and the plain values
that those use. Nothing of it trains. It is run again only where models are loaded: inside the sandbox.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from trainyard_harness.files import dump, read_json, write_atomic

FILE = "code.json"
LARGEST = 2**20
"""Bytes of one module's code, and of one value in it."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


def save(work: Path, folder: Path) -> None:
    """Writes `code.json` into `folder`: what the script that ran in `work` and its modules define."""
    modules: dict[str, dict[str, Any]] = {}
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        if not file.startswith(f"{work}/") or name == "__mp_main__":  # thousands are not: no Path for each
            continue
        path = Path(file)
        if path.suffix == ".py" and path.stat().st_size <= LARGEST:
            text = definitions(path.read_text("utf-8", errors="replace"), vars(module))
            modules[name] = {"code": text, "package": path.name == "__init__.py"}
    if any("def " in one["code"] or "class " in one["code"] for one in modules.values()):
        write_atomic(folder / FILE, dump({"schema": 1, "modules": modules}))


def definitions(code: str, values: dict[str, Any]) -> str:
    """What `code` defines, as code that does nothing else; `values` are the module's variables."""
    kept = [node for node in ast.parse(code).body if _defines(node)]
    used = {
        node.id
        for one in kept if not isinstance(one, _IMPORTS)
        for node in ast.walk(one) if isinstance(node, ast.Name)
    }  # fmt: skip
    plain = [f"{name} = {values[name]!r}" for name in sorted(used & values.keys()) if _is_plain(values[name])]
    imports = [one for one in kept if isinstance(one, _IMPORTS)]
    others = [one for one in kept if one not in imports]
    return "\n".join([*map(ast.unparse, imports), *plain, *map(ast.unparse, others)])


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Try):  # `try: import keras`, `except ImportError: from tensorflow import keras`
        return all(map(_defines, node.body)) and all(
            _defines(one) for handler in node.handlers for one in handler.body
        )
    if isinstance(node, ast.Assign):  # `layers = keras.layers`
        value = node.value
        while isinstance(value, ast.Attribute):
            value = value.value
        return isinstance(value, ast.Name) and all(isinstance(one, ast.Name) for one in node.targets)
    return isinstance(node, _DEFINITIONS + _IMPORTS)


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list | tuple) and depth < 4 and type(value) in {list, tuple}:
        return len(value) <= 1000 and all(_is_plain(one, depth + 1) for one in value)
    if type(value) is dict and depth < 4:
        return len(value) <= 1000 and all(_is_plain(one, depth + 1) for one in [*value, *value.values()])
    if type(value) in {str, bytes}:
        return len(value) <= 10_000
    return value is None or type(value) in {bool, int} or (type(value) is float and math.isfinite(value))


class _Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the stored modules to those that import them."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self._stored = stored

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if name in self._stored:
            return importlib.util.spec_from_loader(name, self, is_package=self._stored[name]["package"])
        if any(one.startswith(f"{name}.") for one in self._stored):
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def exec_module(self, module: ModuleType) -> None:
        for node in ast.parse(self._stored.get(module.__name__, {"code": ""})["code"]).body:
            # What a missing definition is needed for says so itself.
            with contextlib.suppress(Exception):
                code = compile(ast.Module([node], []), f"<{module.__name__}>", "exec", dont_inherit=True)
                exec(code, vars(module))  # noqa: S102


def load(folder: Path) -> dict[str, Any]:
    """Makes the stored modules importable, `__main__` among them; the names of all classes and functions."""
    stored = (read_json(folder / FILE) or {}).get("modules") or {}
    finder = _Modules(stored)
    sys.meta_path.insert(0, finder)
    names: dict[str, Any] = {}
    for name in sorted(stored, key=lambda one: one == "__main__"):
        module = ModuleType(name) if name == "__main__" else importlib.import_module(name)
        if name == "__main__":
            sys.modules[name] = module
            finder.exec_module(module)
        names |= {key: one for key, one in vars(module).items() if getattr(one, "__module__", None) == name}
    return names
