"""What scripts written for a desk do, and a container has no answer to: windows and questions."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness.imports import AfterImport

_CV2_WINDOWS = ("imshow", "namedWindow", "destroyAllWindows", "destroyWindow", "moveWindow", "resizeWindow")


class NoAnswerError(EOFError):
    """The script asks a question that `trainyard.toml` gives no answer to."""


def quieten(imports: AfterImport, answers: list[str]) -> None:
    """Windows become no-ops, and `input()` returns the configured answers in order.

    matplotlib falls back to Agg through its own environment variable; a script's own
    `matplotlib.use("TkAgg")` is overridden, since that import would fail without a screen.
    """
    os.environ["MPLBACKEND"] = "Agg"
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    imports.add("matplotlib", _agg)
    imports.add("cv2", _no_windows)
    builtins.input = answering(answers)


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


def _no_windows(module: ModuleType) -> None:
    for name in _CV2_WINDOWS:
        setattr(module, name, lambda *_arguments, **_options: None)
    # 27 is Escape and "q" is what most loops wait for; -1 (no key) would make them wait for ever.
    module.waitKey = lambda *_arguments: ord("q")  # type: ignore[attr-defined]
