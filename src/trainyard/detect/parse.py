"""Source text to syntax trees, without giving up at the first bad line."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field

MAX_REPAIRS = 60
"""Lines of one file that are blanked out to read the rest."""
MAX_REPAIR_BYTES = 200_000

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PRINT = re.compile(r"^(\s*(?:.*?[:;]\s*)?)print(?:\s+(?![=(.\[,)])|(?=[\"']))(.*)$")
_PRINT_TO = re.compile(r"^>>\s*[\w.]+\s*,?")
_EXCEPT = re.compile(r"^(\s*except\s+[\w.()\s,]+?)\s*,\s*(\w+)\s*:")
_RAISE = re.compile(r"^(\s*raise\s+[\w.]+)\s*,\s*(.+)$")
_EXEC = re.compile(r"^(\s*)exec\s+([\"'\w].*)$")
_OCTAL = re.compile(r"\b0(\d+)\b(?![.\w])")
_PYTHON2 = (
    "Missing parentheses in call to 'print'",
    "Missing parentheses in call to 'exec'",
    "multiple exception types must be parenthesized",
    "leading zeros in decimal integer literals",
    "inconsistent use of tabs",
)


@dataclass
class Parsed:
    """A syntax tree, and what had to be left out to get it."""

    tree: ast.Module | None
    line: int = 0
    """Of the first problem; 0 where there is none."""
    reason: str = ""
    python2: bool = False
    text: str = ""
    cells: list[int] = field(default_factory=list)
    """First line of each code cell, for notebooks."""


def decode(data: bytes) -> str:
    """Text by byte order mark, coding line, UTF-8, then Latin-1."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    encodings = ["utf-8"]
    for line in data.split(b"\n", 2)[:2]:
        match = _CODING.match(line)
        if match:
            encodings.insert(0, match[1].decode("ascii", "replace"))
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):  # a coding line may name anything
            continue
    return data.decode("latin-1")


def parse(text: str) -> Parsed:
    """Parses Python 3; where that fails, repairs Python 2 forms and blanks out lines that make no sense."""
    text = text.replace("\x00", " ").replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", " ")
    try:
        return Parsed(_parse(text), text=text)
    except SyntaxError as error:
        return _repaired(text, error)
    except (RecursionError, MemoryError, ValueError, OverflowError):
        return Parsed(None, 1, "nested too deeply to be read", text=text)


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _repaired(text: str, first: SyntaxError) -> Parsed:
    line = first.lineno or 1
    message = (first.msg or "invalid syntax").split(". Did you mean")[0]
    lines = text.split("\n")
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    python2 = any(m in message for m in _PYTHON2) or bool(_PRINT.match(written))
    if len(text) > MAX_REPAIR_BYTES:
        return Parsed(None, line, _say(message, python2, written), python2, text)
    modern = [_modern(x) for x in text.expandtabs(8).split("\n")]
    changed = {
        number for number, (a, b) in enumerate(zip(lines, modern, strict=True), 1) if a.expandtabs(8) != b
    }
    python2 = python2 or line in changed
    lines = modern
    for _ in range(MAX_REPAIRS):
        try:
            tree = _parse("\n".join(lines))
        except SyntaxError as error:
            if not _blank(lines, error):
                break
        except (RecursionError, MemoryError, ValueError, OverflowError):
            break
        else:
            return Parsed(tree, line, _say(message, python2, written), python2, text)
    return Parsed(None, line, _say(message, python2, written), python2, text)


def _say(message: str, python2: bool, written: str) -> str:
    if written.lstrip()[:1] in ("!", "%"):
        return f"a notebook's line in a Python file ({written.strip()[:60]})"
    return f"Python 2 code ({message})" if python2 else message


def _modern(line: str) -> str:
    """One line of Python 2 as Python 3, as far as a line tells; a notebook's `!` and `%` lines as nothing."""
    if line.lstrip()[:1] in ("!", "%"):
        return line[: len(line) - len(line.lstrip())] + "pass"
    if (
        "print" in line
        and (match := _PRINT.match(line))
        and "#" not in match[1]
        and not _inside_string(match[1])
    ):
        body = _PRINT_TO.sub("", match[2])
        body, comment = _comment_off(body)
        tail = ")" if not body.rstrip().endswith("\\") else ""
        if tail and body.count("(") + body.count("[") > body.count(")") + body.count("]"):
            return f"{match[1]}{body}{comment}"  # goes on in the next line: a bare tuple reads as well
        if not tail:
            return f"{match[1]}{body}{comment}"
        semicolon = ""
        if body.rstrip().endswith(";"):
            body, semicolon = body.rstrip()[:-1], ";"
        return f"{match[1]}print({body.rstrip().rstrip(',')}){semicolon}{comment}"
    if "print" in line and re.match(r"^\s*print\s*$", line):
        return line.replace("print", "print()")
    line = _EXCEPT.sub(r"\1 as \2:", line)
    line = _RAISE.sub(r"\1(\2)", line)
    line = _EXEC.sub(r"\1exec(\2)", line)
    if "<>" in line:
        line = line.replace("<>", "!=")
    if "0" in line and "." not in line:
        line = _OCTAL.sub(r"0o\1", line) if re.search(r"(?<![\w\"'])0\d", line) else line
    return line


def _inside_string(prefix: str) -> bool:
    return prefix.count('"') % 2 == 1 or prefix.count("'") % 2 == 1


def _comment_off(body: str) -> tuple[str, str]:
    if "#" in body and not _inside_string(body.partition("#")[0]):
        before, _, after = body.partition("#")
        return before, "  #" + after
    return body, ""


def _blank(lines: list[str], error: SyntaxError) -> bool:
    """Replaces the offending line by `pass`, keeping its depth; says whether that changed anything."""
    number = error.lineno or 0
    if not 0 < number <= len(lines):
        number = len(lines)
    index = number - 1
    message = error.msg or ""
    if "was never closed" in message or "unterminated triple" in message or "EOF" in message:
        pass  # error.lineno is where it opened
    elif "expected an indented block" in message:
        return _fill_block(lines, index, message)
    elif "unindent does not match" in message or "unexpected indent" in message:
        return _align(lines, index)
    while index >= 0 and (not lines[index].strip() or lines[index].strip() == "pass"):
        index -= 1
    if index < 0:
        return False
    line = lines[index]
    indent = line[: len(line) - len(line.lstrip())]
    # A block's header keeps being one, so that its body still has a home.
    lines[index] = (
        f"{indent}if 1:"
        if line.rstrip().endswith(":") and _opens_block(lines, index, indent)
        else f"{indent}pass"
    )
    return lines[index] != line


def _opens_block(lines: list[str], index: int, indent: str) -> bool:
    for line in lines[index + 1 :]:
        if line.strip():
            return len(line) - len(line.lstrip()) > len(indent)
    return False


def _fill_block(lines: list[str], index: int, message: str) -> bool:
    match = re.search(r"on line (\d+)", message)
    header = int(match[1]) - 1 if match else index - 1
    if not 0 <= header < len(lines):
        return False
    line = lines[header]
    indent = line[: len(line) - len(line.lstrip())]
    lines[header] = f"{line.rstrip()} pass" if line.rstrip().endswith(":") else f"{indent}pass"
    return lines[header] != line


def _align(lines: list[str], index: int) -> bool:
    """Gives a wrongly indented line the indentation of the code line before it."""
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    before = lines[above] if above >= 0 else ""
    indent = before[: len(before) - len(before.lstrip())]
    line = lines[index]
    fixed = indent + line.lstrip()
    lines[index] = fixed if fixed != line else indent + "pass"
    return lines[index] != line
