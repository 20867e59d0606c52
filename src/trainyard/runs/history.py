"""The rows of a trial's `history.csv`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Row = TypeVar("Row", bound=Mapping[str, Any])


def longest_fit(rows: Sequence[Row]) -> list[Row]:
    """The rows of the longest fit, the last among equals: a script may warm up, or fit several models."""
    fits: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        fits[row.get("fit")].append(row)
    return max(reversed(fits.values()), key=len, default=[])
