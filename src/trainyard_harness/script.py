"""Runs the pushed script as `python script.py` would, and describes what it raised."""

from __future__ import annotations

import ast
import builtins
import itertools
import os
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any

from trainyard_harness.notebook import code_of

DEEPEST = 8
"""Frames of pushed code that a place is told by."""


def run(entry: str, argv: list[str], work: Path) -> None:
    """Runs `entry` (relative to `work`) as `__main__`; raises whatever it raises.

    The working folder is `work`, as for somebody who starts the script from the top of the repository, unless
    files that the script names exist only beside the script.
    """
    path = work / entry
    if path.suffix == ".ipynb":
        script = path.with_name(f"{path.stem}_notebook.py")
        script.write_text(code_of(path), encoding="utf-8")
        path = script
    os.chdir(working_folder(path, work))
    sys.argv = [str(path), *argv]
    sys.path[0] = str(path.parent)
    if work != path.parent:
        sys.path.insert(1, str(work))
    # It stays in its place, so that what it leaves open is closed as after `python script.py`.
    module = sys.modules["__main__"] = ModuleType("__main__")
    vars(module).update(__file__=str(path), __cached__=None, __builtins__=builtins)
    exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))  # noqa: S102


def working_folder(path: Path, work: Path) -> Path:
    """`work`, or the script's own folder where the relative paths it names are found only there."""
    if path.parent == work:
        return work
    try:
        tree = ast.parse(path.read_text("utf-8", errors="replace"))
    except (OSError, ValueError, SyntaxError):
        return work
    names = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 1 < len(node.value) < 200
    }
    names = {name for name in names if "\0" not in name and "\n" not in name and name.strip("./")}
    beside = any((path.parent / name).exists() and not (work / name).exists() for name in names)
    return path.parent if beside else work


def place_of(frame: FrameType | None, work: Path) -> str | None:
    """`file:line` of the innermost frame that runs pushed code, relative to the source, or None."""
    found = _script_frame(frame, work)
    return f"{_relative(found.f_code.co_filename, work)}:{found.f_lineno}" if found is not None else None


def stack_of(frame: FrameType | None, work: Path) -> list[str]:
    """The calls under way in pushed code, innermost first, as `file:line:column` of where each one ends.

    Lines count from 1, columns in bytes of UTF-8 from 0, as in Python's own code objects.
    """
    found: list[str] = []
    while (frame := _script_frame(frame, work)) is not None and len(found) < DEEPEST:
        positions = frame.f_code.co_positions()
        _, line, _, column = next(itertools.islice(positions, frame.f_lasti // 2, None))
        found.append(f"{_relative(frame.f_code.co_filename, work)}:{line}:{column}")
        frame = frame.f_back
    return found


def truth_beside(x: Any, n: int | None, work: Path) -> Any:
    """The variable with the truth for `x`, by its name in the script (`y_test` for `x_test`), or None."""
    frame = _script_frame(sys._getframe(1), work)
    if frame is None or n is None:
        return None
    for names in (frame.f_locals, frame.f_globals):
        for name in [name for name, value in names.items() if value is x]:
            for one in truth_names(name):
                found = names.get(one)
                if found is not None and hasattr(found, "__len__") and len(found) == n:
                    return found
    return None


def scopes(work: Path) -> Iterator[dict[str, Any]]:
    """The variables of the script's functions under way, innermost first, and of their modules."""
    frame = _script_frame(sys._getframe(1), work)
    while frame is not None:
        yield frame.f_locals
        yield frame.f_globals
        frame = _script_frame(frame.f_back, work)


def names_of(thing: Any, work: Path) -> list[str]:
    """The variables of the script that hold `thing`, in the functions under way and at the top."""
    found = [name for names in scopes(work) for name, one in names.items() if one is thing]
    return list(dict.fromkeys(found))


def truth_names(name: str) -> list[str]:
    """`y_test` for `x_test`, `yte` for `Xte`, `testY` for `testX`, `test_labels` for `test_images`."""
    found = [
        re.sub(place, y, name)
        for y in ("y", "Y")
        for place in (r"(?:(?<=_)|^)[xX](?=_|$)", r"^[xX]", r"[xX]$")
    ]
    for x in ("images", "data", "features", "inputs"):
        found += [name.replace(x, y) for y in ("labels", "targets", "target") if x in name]
    return [one for one in found if one != name]


def _script_frame(frame: FrameType | None, work: Path) -> FrameType | None:
    while frame is not None and _relative(frame.f_code.co_filename, work) is None:
        frame = frame.f_back
    return frame


def describe(error: BaseException, work: Path) -> dict[str, Any]:
    """What is wrong, as `error` of metrics.json: type, message, file, line, module."""
    file, line = _where(error, work)
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return {
        "type": type(error).__name__,
        "message": str(error)[:2000],
        "file": file,
        "line": line,
        "module": missing,
    }


def _where(error: BaseException, work: Path) -> tuple[str | None, int | None]:
    if isinstance(error, SyntaxError) and error.filename:
        return _relative(error.filename, work), error.lineno
    file, line = None, None
    for frame, number in traceback.walk_tb(error.__traceback__):
        inside = _relative(frame.f_code.co_filename, work)
        if inside is not None:
            file, line = inside, number
    return file, line


def _relative(name: str, work: Path) -> str | None:
    prefix = f"{work}{os.sep}"
    return name[len(prefix) :] if name.startswith(prefix) else None


def own_traceback(error: BaseException, work: Path) -> str:
    """The traceback from the script's own first frame on: what bare Python would have printed."""
    step: TracebackType | None = error.__traceback__
    while step is not None and _relative(step.tb_frame.f_code.co_filename, work) is None:
        step = step.tb_next
    return "".join(traceback.format_exception(type(error), error, step))
