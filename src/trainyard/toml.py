"""TOML that somebody else wrote: read only where that costs no more than the file is worth."""

from __future__ import annotations

from typing import Any

_MOST = 5_000_000
"""Sum of the squares of the dots in each line. tomllib keeps every beginning of a dotted key: a key of 60,000
parts, in 120 kB, takes 14 GB. This much takes 40 MB, and a line of 2,000 version numbers passes."""


def parse(text: str) -> dict[str, Any]:
    """The file's content.

    Raises:
        ValueError: it is not TOML, or too much of it; the message is one line for a person.
    """
    import tomllib

    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MOST:
        raise ValueError("its keys have too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
