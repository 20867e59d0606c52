"""What a saved model takes and gives: stored beside it, checked before it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainyard_harness.data import count, is_many
from trainyard_harness.files import dump, read_json, write_atomic
from trainyard_harness.rows import as_array


def signature(x: Any, task: str, labels: list[Any] | None, kind: str) -> dict[str, Any]:
    """The signature of a model that was fitted on samples like `x`.

    Returns:
        `inputs` (one per input: name, shape without the batch axis, dtype, `kinds` of the columns of a table
        without names: `number` or `text`), `columns` where the samples are a
        table, `task`, `labels` (names of the classes, in the order of the model's outputs, or null), and
        `kind`: how a label is had from an output (`argmax`, `threshold`, `logit`, `labels`).
    """
    return {"schema": 1, "task": task, "labels": labels, "kind": kind, **form(x)}


def form(x: Any) -> dict[str, Any]:
    """`inputs` and `columns` of a signature."""
    if isinstance(x, dict):
        inputs = [_input(str(name), part) for name, part in x.items()]
    elif is_many(x):
        inputs = [_input(f"input {place}", part) for place, part in enumerate(x, 1)]
    else:
        inputs = [_input("input", x)]
    columns = None
    if hasattr(x, "columns") and hasattr(x, "dtypes"):
        columns = [
            {"name": str(name), "dtype": str(dtype)} for name, dtype in zip(x.columns, x.dtypes, strict=True)
        ]
    return {"inputs": inputs, "columns": columns}


def _input(name: str, x: Any) -> dict[str, Any]:
    if not hasattr(x, "shape"):
        if count(x) is None:
            return {"name": name, "shape": None, "dtype": "object"}
        try:
            x = as_array(x)
        except ValueError:  # rows of different lengths
            return {"name": name, "shape": None, "dtype": "object"}
    dtype = getattr(x, "dtype", None)
    dtype = getattr(dtype, "name", None) or str(dtype or "object")
    found = {"name": str(getattr(x, "name", None) or name), "shape": [int(one) for one in x.shape[1:]]}
    if dtype == "object" and len(found["shape"]) == 1 and hasattr(x, "T") and not hasattr(x, "columns"):
        found["kinds"] = [_kind(column) for column in x.T]
    return {**found, "dtype": "str" if dtype.startswith("str") else dtype}


def _kind(column: Any) -> str:
    return "text" if any(isinstance(one, str) for one in column) else "number"


def write(folder: Path, found: dict[str, Any]) -> None:
    write_atomic(folder / "signature.json", dump(found))


def read(folder: Path) -> dict[str, Any] | None:
    return read_json(folder / "signature.json")
