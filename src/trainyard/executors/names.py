"""A training's name as a container and a folder may be called."""

from __future__ import annotations

import hashlib
import re


def safe_name(name: str) -> str:
    """`name` itself where it is harmless and short, else its harmless part and a hash of the whole."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name):
        return name
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60]
    return f"{plain or 'training'}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
