"""Runs a function right after a module was imported by the script: frameworks are never imported by us."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

Hook = Callable[[ModuleType], None]


class _Loader(importlib.abc.Loader):
    """Wraps a module's own loader; calls the hooks once its code has run."""

    def __init__(self, loader: importlib.abc.Loader, hooks: list[Hook], call: Callable[..., None]) -> None:
        self._loader = loader
        self._hooks = hooks
        self._call = call

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module sees its own loader (pkgutil, importlib.resources and inspect ask it).
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        for hook in self._hooks:
            self._call(hook, module)


class AfterImport(importlib.abc.MetaPathFinder):
    """A finder that finds nothing itself and wraps what the others find for the modules hooked.

    Args:
        fault: gets what a hook raises, with the module's name. A hook never breaks the script's import.
    """

    def __init__(self, fault: Callable[[str, Exception], None]) -> None:
        self._fault = fault
        self._hooks: dict[str, list[Hook]] = {}

    def add(self, name: str, hook: Hook) -> None:
        """Calls `hook(module)` after `name` was imported, or now where it was already."""
        if name in sys.modules:
            self._call(hook, sys.modules[name])
        else:
            self._hooks.setdefault(name, []).append(hook)

    def _call(self, hook: Hook, module: ModuleType) -> None:
        try:
            hook(module)
        except Exception as error:  # noqa: BLE001  whatever is wrong with our hook is not the script's fault
            self._fault(f"import {module.__name__}", error)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        hooks = self._hooks.get(name)
        if not hooks:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        if spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        del self._hooks[name]
        spec.loader = _Loader(spec.loader, hooks, self._call)
        return spec

    def install(self) -> None:
        sys.meta_path.insert(0, self)
