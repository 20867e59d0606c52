"""`python -m trainyard_harness.reevaluate`: the saved model's numbers once more, from its held-out rows.

Environment: TRAINYARD_TRIAL, the trial's folder. Prints JSON with the parts `all`, `selection` and `report`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from trainyard_harness.final import measure
from trainyard_harness.rows import unpacked
from trainyard_harness.session import Samples


def main() -> int:
    folder = Path(os.environ.get("TRAINYARD_TRIAL") or "/trial") / "model"
    rows = folder / "heldout.npz"
    if not rows.exists():
        print(f"trainyard: {rows}: the held-out rows were not kept.", file=sys.stderr)
        return 2
    print(json.dumps(numbers(folder), indent=1))
    return 0


def numbers(folder: Path) -> dict[str, dict[str, float]]:
    """The numbers of the model in `folder` on each part of the rows beside it."""
    import numpy as np

    with np.load(folder / "heldout.npz", allow_pickle=False) as arrays:
        x, y = unpacked(arrays), arrays["y"]
        parts: dict[str, Any] = {"all": None, "selection": arrays["selection"], "report": arrays["report"]}
    model, adapter = loaded(folder)
    outcome = adapter.outcome(model, Samples(x, y, "test", "reevaluate"))
    return {name: measure(outcome, index) for name, index in parts.items()}


def loaded(folder: Path) -> tuple[Any, Any]:
    """The model in `folder` and the adapter of its framework."""
    if (folder / "model.keras").exists():
        from trainyard_harness.frameworks import keras_model

        return keras_model.load(folder), keras_model.KerasAdapter()
    from trainyard_harness.frameworks import sklearn_model

    __import__("sklearn.base")
    return sklearn_model.load(folder), sklearn_model.SklearnAdapter()


if __name__ == "__main__":
    sys.exit(main())
