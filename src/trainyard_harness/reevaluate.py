"""`python -m trainyard_harness.reevaluate`: the saved model's numbers once more, from its held-out rows.

Environment: TRAINYARD_TRIAL, the trial's folder, or TRAINYARD_PARENT where that holds no model. Prints one
line of JSON: `all`, `selection` and `report`, the numbers by part, and `metrics`, records as in metrics.json.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from trainyard_harness import own_code, signature
from trainyard_harness.files import read_json
from trainyard_harness.measured import measure
from trainyard_harness.rows import unpacked
from trainyard_harness.seen import Samples


def main() -> int:
    for variable, default in (("TRAINYARD_TRIAL", "/trial"), ("TRAINYARD_PARENT", "/parent")):
        folder = Path(os.environ.get(variable) or default) / "model"
        if (folder / "heldout.npz").exists():
            print(json.dumps(again(folder)))
            return 0
    print(json.dumps({"error": "The held-out rows were not kept.", "hint": ""}))
    return 2


def again(folder: Path) -> dict[str, Any]:
    """`metrics`: records as in metrics.json, measured now; `all`, `selection`, `report`: the same by part."""
    parts = numbers(folder)
    before = (read_json(folder.parent / "metrics.json") or {}).get("metrics", [])
    measured = []
    for known in before:
        value = parts.get(known.get("part"), {}).get(known.get("name"))
        # A script with validation and test data has two sets: each number is of the set that it names.
        if value is not None and (known["part"] != "all" or known["split"] == before[-1]["split"]):
            measured.append({**known, "value": value})
    return {"metrics": measured, **parts}


def numbers(folder: Path) -> dict[str, dict[str, float]]:
    """The numbers of the model in `folder` on each part of the rows beside it."""
    import numpy as np

    with np.load(folder / "heldout.npz", allow_pickle=False) as arrays:
        x, y = unpacked(arrays), arrays["y"]
        parts: dict[str, Any] = {"all": None, "selection": arrays["selection"], "report": arrays["report"]}
        if "whole" in arrays:  # of two sets, `all` is the one that is reported on
            parts["all"] = arrays["whole"]
        others = {name.removeprefix("folds/"): arrays[name] for name in arrays if name.startswith("folds/")}
    model, adapter = loaded(folder)
    known = Samples(x, y, "test", "reevaluate", options={"signature": signature.read(folder)})
    outcome = adapter.outcome(model, known)
    if others:
        first = int(others.pop("first")[0])
        outcome |= {name: _among(array, first, outcome[name]) for name, array in others.items()}
    return {name: measure(outcome, index) for name, index in parts.items()}


def _among(folds: Any, first: int, own: Any) -> Any:
    """What the models of all folds made of their rows, from row `first` on that of the model kept."""
    import numpy as np

    return np.concatenate([folds[:first], own, folds[first + len(own) :]])


def loaded(folder: Path) -> tuple[Any, Any]:
    """The model in `folder` and the adapter of its framework."""
    own = own_code.load(folder)
    from trainyard_harness.frameworks import keras_files

    if any((folder / one).exists() for one in (keras_files.WHOLE, keras_files.WEIGHTS, keras_files.SERVED)):
        from trainyard_harness.frameworks.keras_model import KerasAdapter

        return keras_files.load(folder, own), KerasAdapter()
    from trainyard_harness.frameworks import boosters, sklearn_model

    booster = boosters.load(folder)
    if booster is not None:
        return booster
    if (folder / "model.pt").exists():
        from trainyard_harness.frameworks import torch_model

        return torch_model.load(folder), torch_model.TorchAdapter()
    __import__("sklearn.base")
    return sklearn_model.load(folder), sklearn_model.SklearnAdapter()


if __name__ == "__main__":
    sys.exit(main())
