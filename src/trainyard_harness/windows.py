"""Toolkits for windows, where there is no screen: stand-ins that do nothing, installed or not."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from trainyard_harness.imports import AfterImport

TOOLKITS = ("tkinter", "turtle", "PySimpleGUI")
_PARTS = {
    "filedialog", "messagebox", "simpledialog", "colorchooser", "scrolledtext", "ttk", "font", "constants",
}  # fmt: skip
_NAMES = [
    "Tk", "Toplevel", "Frame", "Label", "Button", "Canvas", "Entry", "Text", "Scale", "Listbox", "Menu",
    "StringVar", "IntVar", "DoubleVar", "BooleanVar", "PhotoImage", "END", "LEFT", "RIGHT", "TOP", "BOTTOM",
    "BOTH", "X", "Y", "YES", "NO", "mainloop", "Turtle", "Screen", "done", "forward", "left", "right", "goto",
    "penup", "pendown", "speed", "color", "hideturtle", "bgcolor",
]  # fmt: skip
"""What `from tkinter import *` and `from turtle import *` bring."""
_CV2 = ("imshow", "namedWindow", "destroyAllWindows", "destroyWindow", "moveWindow", "resizeWindow")


class _Nothing(type):
    """The class of `Nothing`: asked for anything, it gives nothing, also before it is called."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


class Nothing(metaclass=_Nothing):
    """A window, a widget, a colour: can be called, subclassed, compared and asked for anything."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __call__(self, *_arguments: Any, **_options: Any) -> Any:
        return Nothing()

    def __getitem__(self, _key: Any) -> Any:
        return Nothing()

    def __setitem__(self, _key: Any, _value: Any) -> None: ...

    def __iter__(self) -> Any:
        return iter(())

    def __bool__(self) -> bool:
        return False


class _Window(Nothing):
    """PySimpleGUI's: it is closed when it is first read, which ends the usual loop."""

    def read(self, *_arguments: Any, **_options: Any) -> tuple[None, dict[str, Any]]:
        return None, {}


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports stand-ins for the toolkits; a module of the script's own of that name goes before.

    Args:
        ask: answers a question, as `input` does.
    """

    def __init__(self, work: Path, ask: Callable[..., str]) -> None:
        self._work = work
        self._ask = ask

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        top = name.partition(".")[0]
        if top not in TOOLKITS or any(self._work.rglob(f"{top}.py")):
            return None
        return importlib.util.spec_from_loader(name, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        def get(name: str) -> Any:
            if name.startswith("__") or name in _PARTS:  # parts are imported
                raise AttributeError(name)
            return self._asking(name) if name.startswith(("ask", "textinput", "numinput")) else Nothing

        module.__getattr__ = get  # type: ignore[method-assign]
        vars(module).update(__all__=_NAMES, WIN_CLOSED=None, Window=_Window)

    def _asking(self, name: str) -> Callable[..., str]:
        return lambda *prompt, **options: self._ask(
            options.get("title") or " ".join(map(str, prompt)) or name
        )


def quieten(imports: AfterImport, work: Path, ask: Callable[..., str]) -> None:
    """Whatever opens a window does nothing from now on."""
    sys.meta_path.insert(0, StandIns(work, ask))
    imports.add("cv2", _no_windows)
    imports.add("PIL.Image", lambda module: setattr(module.Image, "show", _nothing))
    imports.add("plotly.io", lambda module: setattr(module, "show", _nothing))
    imports.add("webbrowser", _no_browser)


def _nothing(*_arguments: Any, **_options: Any) -> None: ...


def _no_browser(module: ModuleType) -> None:
    for name in ("open", "open_new", "open_new_tab"):
        setattr(module, name, lambda *_arguments, **_options: True)


def _no_windows(module: ModuleType) -> None:
    for name in _CV2:
        setattr(module, name, _nothing)
    # 27 is Escape and "q" is what most loops wait for; -1 (no key) would make them wait for ever.
    module.waitKey = lambda *_arguments: ord("q")  # type: ignore[attr-defined]
