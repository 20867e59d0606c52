"""A notebook's code cells as one Python text. Outputs and pictures are skipped while decoding."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from trainyard.detect.knowledge.words import words
from trainyard.detect.parse import Parsed, parse

_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_MAGICS = words(
    """
    time timeit capture prun python python3 notebook memit wandb snakeviz
    """
)
_LINE_MAGIC = re.compile(r"^(\s*)%(time|timeit|prun)\s+(.*)$")
_SHELL_VALUE = re.compile(r"^(\s*)([\w, ]+)=\s*[!%].*$")


class _Cell(msgspec.Struct):
    cell_type: Any = "code"
    source: Any = None
    input: Any = None
    """Where notebooks of format 3 keep the code."""


class _Worksheet(msgspec.Struct):
    cells: list[_Cell] = []


class _Kernel(msgspec.Struct):
    language: Any = None


class _Language(msgspec.Struct):
    name: Any = None


class _Metadata(msgspec.Struct):
    kernelspec: _Kernel | None = None
    language_info: _Language | None = None


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []
    worksheets: list[_Worksheet] = []
    metadata: _Metadata | None = None


_LOOSE = msgspec.json.Decoder(_Notebook, strict=False)


def parse_notebook(data: bytes) -> Parsed:
    """Parses each code cell by itself, so that a bad cell doesn't lose the others."""
    try:
        notebook = _LOOSE.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return Parsed(None, 1, f"not a readable notebook ({str(error)[:120]})")
    language = _language(notebook)
    if language:
        return Parsed(None, 0, f"a notebook in {language}, not Python")
    cells = notebook.cells or [c for sheet in notebook.worksheets for c in sheet.cells]
    texts = [_python(_text(cell)) for cell in cells if cell.cell_type == "code"]
    starts, line = [], 1
    for text in texts:
        starts.append(line)
        line += text.count("\n") + 1
    whole = parse("\n".join(texts))
    whole.cells = starts
    if not whole.line:
        return whole
    return _by_cell(texts, starts)


def _by_cell(texts: list[str], starts: list[int]) -> Parsed:
    out = Parsed(None, text="\n".join(texts), cells=starts)
    for text, start in zip(texts, starts, strict=True):
        part = parse("\n" * (start - 1) + text) if start < 100_000 else parse(text)
        if part.line and not out.line:
            out.line, out.reason, out.python2 = part.line, part.reason, part.python2
        if part.tree is None:
            continue
        if out.tree is None:
            out.tree = part.tree
        else:
            out.tree.body += part.tree.body
    return out


def _language(notebook: _Notebook) -> str | None:
    metadata = notebook.metadata
    if metadata is None:
        return None
    info, kernel = metadata.language_info, metadata.kernelspec
    name = (info.name if info else None) or (kernel.language if kernel else None)
    return name if isinstance(name, str) and name and "python" not in name.lower() else None


def _text(cell: _Cell) -> str:
    source = cell.source if cell.source is not None else cell.input
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _python(text: str) -> str:
    """A cell without its magics and shell lines, each replaced by a line that does nothing."""
    match = _CELL_MAGIC.match(text)
    if match and match[1] not in _PYTHON_MAGICS:
        return "\n".join("" for _ in text.split("\n"))
    lines = text.split("\n")
    continued = False
    for index, line in enumerate(lines):
        stripped = line.lstrip()
        indent = line[: len(line) - len(stripped)]
        if continued:
            continued = stripped.endswith("\\")
            lines[index] = ""
        elif stripped.startswith("%%"):
            lines[index] = ""
        elif timed := _LINE_MAGIC.match(line):
            lines[index] = timed[1] + timed[3]
        elif stripped.startswith(("%", "!")):
            if index and _goes_on(lines[index - 1]):
                continue  # the second line of a formatted string or a modulo
            lines[index] = f"{indent}pass"
            continued = stripped.rstrip().endswith("\\")
        elif (assigned := _SHELL_VALUE.match(line)) and ("!" in stripped or "%" in stripped):
            lines[index] = f"{assigned[1]}{assigned[2]}= None"
        elif stripped.endswith("?") or stripped.startswith("?"):
            lines[index] = line if any(c in stripped for c in "#\"'") else f"{indent}pass"
    return "\n".join(lines)


def _goes_on(line: str) -> bool:
    return line.rstrip().endswith(("(", ",", "\\", "+", '"', "'", "["))
