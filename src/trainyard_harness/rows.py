"""Samples as named arrays in one npz file, and back: arrays, lists, dicts, tables, sparse matrices."""

from __future__ import annotations

import json
from typing import Any

from trainyard_harness.data import is_many

_MIXED = "mixed:"
"""Before the name of an array whose values are JSON: text beside numbers, or beside missing values."""


def packed(x: Any) -> dict[str, Any]:
    """The arrays that `unpacked` makes `x` from.

    Raises:
        ValueError: some are neither numbers nor text.
    """
    import numpy as np

    if isinstance(x, dict):
        found = {f"input/{name}": np.asarray(part) for name, part in x.items()}
    elif is_many(x):
        found = {f"part/{place}": np.asarray(part) for place, part in enumerate(x)}
    elif hasattr(x, "columns") and hasattr(x, "iloc"):
        found = {f"column/{place}": x.iloc[:, place].to_numpy() for place in range(x.shape[1])}
        found["columns"] = np.asarray([str(name) for name in x.columns])
    elif hasattr(x, "tocsr"):
        matrix = x.tocsr()
        found = {f"csr/{name}": getattr(matrix, name) for name in ("data", "indices", "indptr")}
        found["csr/shape"] = np.asarray(matrix.shape)
    else:
        found = {"x": x.to_numpy() if hasattr(x, "to_numpy") else as_array(x)}
    return dict(_storable(name, array) for name, array in found.items())


def as_array(x: Any) -> Any:
    """`x` as an array; rows of numbers and text stay what they are."""
    import numpy as np

    array = np.asarray(x)
    is_mixed = array.dtype.kind == "U" and array.ndim > 1 and isinstance(x, list | tuple)
    return np.asarray(x, dtype="object") if is_mixed else array


def _storable(name: str, array: Any) -> tuple[str, Any]:
    import numpy as np

    if array.dtype.kind != "O":
        return name, array
    values = array.reshape(-1).tolist()
    if all(isinstance(one, str) for one in values):
        return name, array.astype(str)
    if not all(one is None or isinstance(one, str | int | float) for one in values):
        raise ValueError("the samples are neither numbers nor text")
    return f"{_MIXED}{name}", np.asarray([json.dumps(one) for one in values]).reshape(array.shape)


def unpacked(arrays: Any) -> Any:
    """The samples of `packed`, from the mapping that `numpy.load` gives."""
    arrays = {name.removeprefix(_MIXED): _read(name, arrays[name]) for name in arrays}
    names = list(arrays)
    if "x" in names:
        return arrays["x"]
    if "columns" in names:
        import pandas

        columns = arrays["columns"].tolist()
        found = {place: arrays[f"column/{place}"] for place in range(len(columns))}
        table = pandas.DataFrame(found)
        table.columns = columns
        return table
    if "csr/data" in names:
        sparse = __import__("scipy.sparse").sparse
        parts = (arrays["csr/data"], arrays["csr/indices"], arrays["csr/indptr"])
        return sparse.csr_matrix(parts, shape=tuple(arrays["csr/shape"]))
    inputs = {name.removeprefix("input/"): arrays[name] for name in names if name.startswith("input/")}
    if inputs:
        return inputs
    count = sum(name.startswith("part/") for name in names)
    return [arrays[f"part/{place}"] for place in range(count)]


def _read(name: str, array: Any) -> Any:
    import numpy as np

    if not name.startswith(_MIXED):
        return array
    found = np.empty(array.size, dtype="object")
    found[:] = [json.loads(one) for one in array.reshape(-1).tolist()]
    return found.reshape(array.shape)
