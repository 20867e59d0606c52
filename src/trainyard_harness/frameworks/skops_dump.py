"""skops for writing only, which is all that the end of a training needs."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

_TRUSTED = "skops.io._trusted_types"


def dump(model: Any, path: str) -> None:
    """Writes `model` as `path`, in skops' format.

    Loading asks which types are trusted, and to list them skops imports all of scikit-learn and searches
    every module for each of scipy's functions: 0.4 s at the end of every training. Writing never asks, so an
    empty list stands in where the script itself has not imported skops (0.16: only the loading half of
    `skops.io` reads `_trusted_types`). The process must not load with skops afterwards.

    The schema is written without the indentation that skops asks for: with it, `json` takes its slow encoder
    (0.1 s for a forest), and the file is nearly twice as large.

    Raises:
        Exception: skops is absent, or cannot hold a type that is part of the model.
    """
    if "skops.io" not in sys.modules:
        nothing = ModuleType(_TRUSTED)
        nothing.__getattr__ = lambda name: []  # type: ignore[method-assign]
        sys.modules[_TRUSTED] = nothing
    from skops import io
    from skops.io import _persist

    _persist.json = SimpleNamespace(dumps=lambda state, indent: json.dumps(state))
    try:
        io.dump(model, path)
    finally:
        _persist.json = json
