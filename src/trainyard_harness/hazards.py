"""What scripts written for a desk do, and a container has no answer to: windows and questions."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from trainyard_harness import windows
from trainyard_harness.imports import AfterImport


class NoAnswerError(EOFError):
    """The script asks a question that `trainyard.toml` gives no answer to."""


def quieten(imports: AfterImport, answers: list[str], work: Path) -> None:
    """Windows become no-ops, and `input()` returns the configured answers in order.

    matplotlib falls back to Agg through its own environment variable; a script's own
    `matplotlib.use("TkAgg")` is overridden, since that import would fail without a screen.
    """
    os.environ["MPLBACKEND"] = "Agg"
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    imports.add("matplotlib", _agg)
    builtins.input = answering(answers)
    windows.quieten(imports, work, builtins.input)


def answering(answers: list[str]) -> Callable[..., str]:
    """An `input` that gives `answers` in order, then raises NoAnswerError naming the question."""
    left = list(answers)

    def answer(prompt: object = "", /) -> str:
        if not left:
            raise NoAnswerError(
                f"input({str(prompt)!r}) has nobody to answer it. Give the answers in trainyard.toml."
            )
        text = left.pop(0)
        print(f"{prompt}{text}")
        return text

    return answer


def _agg(module: ModuleType) -> None:
    original = module.use

    def use(_backend: Any = None, **_options: Any) -> None:
        original("Agg")

    module.use = use  # type: ignore[attr-defined]
