"""Runs a function right after a module was imported by the script: frameworks are never imported by us."""

from __future__ import annotations

import contextlib
import gc
import importlib.abc
import importlib.machinery
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

Hook = Callable[[ModuleType], None]


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector, which then leaves alone what was made meanwhile (`gc.freeze`).

    What an import makes stays. To look for garbage in it again and again is a fifth of the time that
    TensorFlow takes to be imported, and a seventh of a short training's after that.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.freeze()
            gc.enable()


class _Loader(importlib.abc.Loader):
    """Wraps a module's own loader; says when its code has run."""

    def __init__(self, loader: importlib.abc.Loader, ran: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._ran = ran

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module sees its own loader (pkgutil, importlib.resources and inspect ask it).
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        # TensorFlow draws from `random` while it is imported; numbers must be the same where that
        # came before the seed (warm).
        drawn = random.getstate()
        with uncollected():
            self._loader.exec_module(module)
        random.setstate(drawn)
        self._ran(module)


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

    def _run(self, module: ModuleType) -> None:
        for hook in self._hooks.pop(module.__name__, []):
            self._call(hook, module)

    def _call(self, hook: Hook, module: ModuleType) -> None:
        try:
            hook(module)
        except Exception as error:  # noqa: BLE001  whatever is wrong with our hook is not the script's fault
            self._fault(f"import {module.__name__}", error)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._hooks:
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
        # The hooks stay until the module has run: a mere look for it (find_spec) must not use them up.
        spec.loader = _Loader(spec.loader, self._run)
        return spec

    def install(self) -> None:
        sys.meta_path.insert(0, self)
