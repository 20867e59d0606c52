"""Samples in whatever shape scripts hold them: counting, taking some, and telling whose rows they are."""

from __future__ import annotations

import hashlib
import sys
import zlib
from dataclasses import dataclass
from typing import Any

COLUMNS = 256
"""Of wider rows this many columns, evenly spread, are compared: enough to tell two images apart."""


def is_many(x: Any) -> bool:
    """Whether `x` is a list or tuple of arrays, one per input of a model."""
    return isinstance(x, list | tuple) and bool(x) and all(_has_rows(part) for part in x)


def _has_rows(x: Any) -> bool:
    shape = getattr(x, "shape", None)
    try:
        return shape is not None and len(shape) > 0 and shape[0] is not None
    except (TypeError, ValueError):  # a symbolic tensor of unknown rank
        return False


def parts_of(x: Any) -> list[Any]:
    """The arrays that make up `x`: itself, or the members of a list or dict of arrays."""
    if isinstance(x, dict):
        return list(x.values())
    return list(x) if is_many(x) else [x]


def count(x: Any) -> int | None:
    """How many samples `x` has; None where it cannot be counted without running it (datasets, generators)."""
    if x is None or isinstance(x, str | bytes):
        return None
    if isinstance(x, dict) or is_many(x):
        counts = {count(part) for part in parts_of(x)}
        return counts.pop() if len(counts) == 1 else None
    if _has_rows(x):
        return int(x.shape[0])
    return len(x) if isinstance(x, list | tuple) else None


def take(x: Any, index: Any) -> Any:  # noqa: PLR0911  one line per type
    """The samples of `x` at `index` (sorted integers), in the type that `x` has."""
    if x is None:
        return None
    if isinstance(x, dict):
        return {key: take(part, index) for key, part in x.items()}
    if is_many(x):
        return type(x)(take(part, index) for part in x)
    if hasattr(x, "iloc"):
        return x.iloc[index]
    if isinstance(x, list | tuple):
        return type(x)(x[int(one)] for one in index)
    if type(x).__module__.startswith("tensorflow"):
        return sys.modules["tensorflow"].gather(x, index)
    return x[index]


def joined(first: Any, second: Any) -> Any:
    """The samples of both, `first` before `second`, as arrays."""
    import numpy as np

    if isinstance(first, dict):
        return {key: joined(first[key], second[key]) for key in first}
    if is_many(first):
        return [joined(a, b) for a, b in zip(first, second, strict=True)]
    if hasattr(first, "iloc") and hasattr(second, "iloc"):
        return sys.modules["pandas"].concat([first, second])
    if hasattr(first, "tocsr"):
        sparse = __import__("scipy.sparse").sparse
        return sparse.vstack([first, second]).tocsr()
    return np.concatenate([np.asarray(first), np.asarray(second)])


@dataclass(frozen=True)
class Print:
    """The fingerprint of some samples: enough to recognise them, or some of their rows, elsewhere.

    Attributes:
        rows: a 64-bit hash of each row.
        digest: equal for equal samples in equal order.
    """

    rows: Any
    digest: bytes

    @property
    def n(self) -> int:
        return len(self.rows)

    def shared_with(self, other: Print) -> float:
        """The share of this one's rows that stand among the other's, 0 to 1."""
        import numpy as np

        if not self.n:
            return 0.0
        return float(np.isin(self.rows, other.rows).mean())

    def repeated(self) -> float:
        """The share of rows that have a twin among these rows: chance level for coarse features."""
        import numpy as np

        _values, counts = np.unique(self.rows, return_counts=True)
        return float(counts[counts > 1].sum() / max(1, self.n))


def merged(prints: list[Print]) -> Print:
    """The rows of all of them, each once."""
    import numpy as np

    return Print(np.unique(np.concatenate([one.rows for one in prints])), b"")


def fingerprint(x: Any) -> Print | None:
    """The fingerprint of `x`; None where it has no rows that can be looked at."""
    import numpy as np

    n = count(x)
    if n is None:
        return None
    total = np.zeros(n, dtype="uint64")
    with np.errstate(over="ignore"):
        for place, part in enumerate(parts_of(x)):
            hashes = _row_hashes(part)
            if hashes is None or len(hashes) != n:
                return None
            total = total * np.uint64(1_000_003) + hashes + np.uint64(place)
    return Print(total, hashlib.blake2b(total.tobytes(), digest_size=16).digest())


def _row_hashes(x: Any) -> Any:
    import numpy as np

    if hasattr(x, "tocsr"):
        mixed = x.tocsr() @ np.random.Generator(np.random.PCG64(7)).random(x.shape[1])
        return np.ascontiguousarray(mixed, dtype="float64").view("uint64")
    try:
        array = x.to_numpy() if hasattr(x, "to_numpy") else np.asarray(x)
    except (TypeError, ValueError):
        return None
    if array.ndim == 0:
        return None
    flat = array.reshape(len(array), -1)
    if flat.shape[1] == 0:
        return None
    if flat.shape[1] > COLUMNS:
        flat = flat[:, np.linspace(0, flat.shape[1] - 1, COLUMNS).astype("int64")]
    if flat.dtype.kind not in "biuf":
        lines = ("\x1f".join(map(str, row)).encode() for row in flat.tolist())
        return np.fromiter(
            ((zlib.crc32(line) << 32) | zlib.adler32(line) for line in lines), dtype="uint64", count=len(flat)
        )
    # Adding zero turns -0.0 into 0.0; float64 makes the same numbers equal whatever type they were cast to.
    bits = np.ascontiguousarray(flat, dtype="float64") + 0.0
    weights = np.random.Generator(np.random.PCG64(7)).integers(1, 2**63, size=flat.shape[1], dtype="uint64")
    words = bits.view("uint64")
    words ^= words >> np.uint64(29)
    with np.errstate(over="ignore"):
        return (words * (weights | np.uint64(1))).sum(axis=1, dtype="uint64")
