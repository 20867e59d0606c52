"""Changed files as one text that `git apply` takes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping


def unified(files: Mapping[str, tuple[bytes, bytes]]) -> bytes:
    """A unified diff of files: (before, after), by their paths in the repository."""
    return b"".join(_file(name, *pair) for name, pair in sorted(files.items()))


def _file(name: str, before: bytes, after: bytes) -> bytes:
    shown = _quoted(name)
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(before),
        _lines(after),
        _prefixed("a/", shown),
        _prefixed("b/", shown),
        lineterm=b"\n",
    )
    found = [b"diff --git %s %s\n" % (_prefixed("a/", shown), _prefixed("b/", shown))]
    for line in lines:
        found.append(line)
        if not line.endswith(b"\n"):
            found.append(b"\n\\ No newline at end of file\n")
    return b"".join(found)


def _lines(data: bytes) -> list[bytes]:
    """Lines as git sees them: only `\\n` ends one."""
    found = [line + b"\n" for line in data.split(b"\n")]
    found[-1] = found[-1][:-1]
    return [line for line in found if line]


def _quoted(name: str) -> str:
    """A path as git writes it: quoted where it holds what a header can't."""
    if all(32 <= ord(one) < 127 and one not in '"\\' for one in name):
        return name
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in name.encode()
    )
    return f'"{escaped}"'


def _prefixed(prefix: str, shown: str) -> bytes:
    return (f'"{prefix}{shown[1:]}' if shown.startswith('"') else f"{prefix}{shown}").encode()
