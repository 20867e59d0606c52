"""Whose rows a DataLoader gives, so that training rows are recognised in any other loader."""

from __future__ import annotations

from typing import Any

from trainyard_harness.data import Print, fingerprint


def rows_of(loader: Any) -> Print | None:
    """The fingerprint of a loader's rows: by content of a TensorDataset, else by data set and number.

    None for what has no length (iterable data sets).
    """
    import hashlib

    import numpy as np

    dataset, index = loader.dataset, None
    while hasattr(dataset, "dataset") and hasattr(dataset, "indices"):  # a Subset, perhaps of another
        inner = np.asarray(dataset.indices, dtype="int64")
        index = inner if index is None else inner[index]
        dataset = dataset.dataset
    tensors = getattr(dataset, "tensors", None)
    if tensors:
        rows = tensors[0].detach().cpu().numpy()
        return fingerprint(rows if index is None else rows[index])
    if index is None:
        if not hasattr(dataset, "__len__"):
            return None
        index = np.arange(len(dataset))
    with np.errstate(over="ignore"):
        numbered = index.astype("uint64") * np.uint64(0x9E3779B97F4A7C15) + np.uint64(id(dataset))
    return Print(numbered, hashlib.blake2b(numbered.tobytes(), digest_size=16).digest())
