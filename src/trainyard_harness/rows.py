"""Samples as named arrays in one npz file, and back: arrays, lists, dicts, tables, sparse matrices."""

from __future__ import annotations

from typing import Any

from trainyard_harness.data import is_many


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
        found = {"x": x.to_numpy() if hasattr(x, "to_numpy") else np.asarray(x)}
    return {name: _storable(array) for name, array in found.items()}


def _storable(array: Any) -> Any:
    if array.dtype.kind != "O":
        return array
    if all(isinstance(one, str) for one in array.reshape(-1).tolist()):
        return array.astype(str)
    raise ValueError("the samples are neither numbers nor text")


def unpacked(arrays: Any) -> Any:
    """The samples of `packed`, from the mapping that `numpy.load` gives."""
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
