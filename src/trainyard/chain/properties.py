"""Java property files and Jenkins' variable expansion, as the parameterized trigger reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BLANK = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_VARIABLE = re.compile(r"\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_.]+)\}|(\$))")


def load(text: str) -> dict[str, str]:
    r"""Reads `key=value` lines as java.util.Properties.load does.

    `=`, `:` or blanks separate; `#` and `!` start a comment line; a backslash at the end of a line continues
    it; `\t \n \r \f \uXXXX` are escapes; any other backslash is dropped.
    """
    found: dict[str, str] = {}
    for line in _logical_lines(text):
        end = 0
        while end < len(line) and line[end] not in "=:" + _BLANK:
            end += 2 if line[end] == "\\" else 1
        rest = line[end:].lstrip(_BLANK)
        if rest[:1] in ("=", ":"):
            rest = rest[1:].lstrip(_BLANK)
        found[_unescaped(line[:end])] = _unescaped(rest)
    return found


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replaces `$NAME` and `${NAME}` by known variables and `$$` by `$` (hudson.Util.replaceMacro)."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return "$" if match[3] else variables.get(name, match[0])

    return _VARIABLE.sub(value, text)


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    pending: str | None = None
    for natural in re.split(r"\r\n|\r|\n", text):
        line = natural.lstrip(_BLANK)
        if pending is None and (not line or line[0] in "#!"):
            continue
        line = (pending or "") + line
        if (len(line) - len(line.rstrip("\\"))) % 2:
            pending = line[:-1]
        else:
            lines.append(line)
            pending = None
    return lines if pending is None else [*lines, pending]


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return _ESCAPES.get(match[2], match[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.?))", character, text, flags=re.DOTALL)
