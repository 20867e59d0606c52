"""What is said to people and log collectors, a line each: text, or JSON where `TRAINYARD_LOG=json`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar, Token
from typing import Any

from trainyard.runs.untrusted import printable

_bound: ContextVar[dict[str, Any]] = ContextVar("_bound", default={})  # noqa: B039 - never changed in place


def bind(**fields: Any) -> Token[dict[str, Any]]:
    """Adds fields to every later line of this thread, such as `run="digits/2026..."`."""
    return _bound.set(_bound.get() | fields)


@contextlib.contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Adds fields to the lines of this thread that the block writes."""
    before = bind(**fields)
    try:
        yield
    finally:
        _bound.reset(before)


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

        line = {"time": timestamp(), "level": level, "message": printable(message), **_bound.get(), **known}
        text = msgspec.json.encode(line).decode()
    elif level == "debug":
        return
    else:
        rest = "".join(f" {key}={value}" for key, value in known.items())
        text = printable(message + rest.replace("\n", " "))
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
