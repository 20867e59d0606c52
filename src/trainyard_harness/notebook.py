"""Notebooks as scripts: the code cells in order, without the lines that only a notebook understands."""

from __future__ import annotations

import json
from pathlib import Path


def source_of(path: Path) -> str:
    """The Python source of a script or a notebook.

    Raises:
        OSError: it cannot be read.
        ValueError: it is a notebook by its name alone.
    """
    return code_of(path) if path.suffix == ".ipynb" else path.read_text("utf-8", errors="replace")


def code_of(path: Path) -> str:
    """The notebook's code as one Python source; magics and shell lines become comments.

    Raises:
        ValueError: `path` is not a notebook.
    """
    notebook = json.loads(path.read_text("utf-8"))
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError(f"{path.name} is not a notebook of format 4.")
    parts = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        text = source if isinstance(source, str) else "".join(source)
        parts.append(f"# --- cell {number}\n{_plain(text)}\n")
    return "\n".join(parts)


def _plain(text: str) -> str:
    if text.lstrip().startswith("%%"):
        magic = text.lstrip().split(None, 1)[0]
        if magic not in {"%%time", "%%timeit", "%%capture"}:
            return "\n".join(f"# {line}" for line in text.splitlines())
    lines = []
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith(("%", "!", "?")) or stripped.rstrip().endswith("?"):
            # `pass` keeps a block whole whose only line this was.
            indent = line[: len(line) - len(stripped)]
            lines.append(f"{indent}pass  # {stripped}" if indent else f"# {stripped}")
        else:
            lines.append(line)
    return "\n".join(lines)
