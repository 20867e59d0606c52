"""What is said to people and log collectors, a line each: text, or JSON where `TRAINYARD_LOG=json`."""

from __future__ import annotations

import os
import sys
from typing import Any

from trainyard.runs.untrusted import printable

_bound: dict[str, Any] = {}


def bind(**fields: Any) -> None:
    """Adds fields to every later line of this process, such as `run="digits/2026..."`."""
    _bound.update(fields)


def emit(message: str, *, level: str = "info", **fields: Any) -> None:
    """Writes one line to stderr. Control characters, which pushed names may hold, are replaced.

    Args:
        level: `debug` lines are only written as JSON.
        fields: what None is left out; as text they follow the message as `key=value`.
    """
    known = {key: value for key, value in fields.items() if value is not None}
    if os.environ.get("TRAINYARD_LOG") == "json":
        import msgspec

        from trainyard.runs.state import timestamp

        line = {"time": timestamp(), "level": level, "message": printable(message), **_bound, **known}
        text = msgspec.json.encode(line).decode()
    elif level == "debug":
        return
    else:
        rest = "".join(f" {key}={value}" for key, value in known.items())
        text = printable(message + rest.replace("\n", " "))
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
