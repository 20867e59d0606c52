"""What a script makes of its data before a model gets it, kept so that raw samples can be predicted.

A step is a fitted transformer's call outside of the model: the rows given and the rows made. The steps before
a model are found by content: the rows that it learnt from stand among those that a step made, whatever they
were split, reshaped, cast or renamed to in between. A step counts only where it makes the same of the same
rows again. What goes any other way is not guessed at: the signature says so.
"""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainyard_harness.data import Print, count, fingerprint, take
from trainyard_harness.signature import form

KEPT = 40
"""Steps that are remembered, and rows of each that it is tried with again."""


@dataclass
class Step:
    """One call of something fitted. `kind` is how it is called, stored and loaded: see `applied`."""

    kind: str
    owner: Any
    place: str | None
    given: Any
    """The first rows of what it was called with, and below of what it made."""
    made: Any
    before: Print | None
    after: list[Print]
    """What it made, and that as float32, which most networks get."""
    width: int
    form: dict[str, Any]
    """What it takes: `inputs` and `columns` of a signature."""
    whole: tuple[Any, Any] = field(default=(None, None))
    """Given and made where they are lists, which are known by identity."""

    @property
    def name(self) -> str:
        called = {"padded": "pad_sequences", "divided": f"division by {self.owner}"}.get(
            self.kind, type(self.owner).__name__
        )
        return f"{called} ({self.place})" if self.place else called


def step_of(kind: str, owner: Any, given: Any, made: Any, place: str | None) -> Step | None:
    """The step that a call was; None where it made nothing that has rows."""
    import numpy as np

    n = count(made)
    if not n or count(given) != n or isinstance(made, tuple):
        return None
    few = np.arange(min(n, KEPT))
    rows = _dense(made)
    after = [one for one in (fingerprint(rows), _as_float32(rows)) if one is not None]
    lists = (given if isinstance(given, list) else None, made if isinstance(made, list) else None)
    first = take(given, few)
    before = None if isinstance(given, list) else fingerprint(_dense(given))
    return Step(
        kind, owner, place, first, take(made, few), before, after, _width(rows), form(first), lists
    )  # fmt: skip


def _dense(x: Any) -> Any:
    small = hasattr(x, "tocsr") and x.shape[0] * x.shape[1] <= 2**24
    return x.toarray() if small else x


def _width(x: Any) -> int:
    import numpy as np

    return int(np.prod(x.shape[1:])) if hasattr(x, "shape") else 0


def _as_float32(x: Any) -> Print | None:
    dtype = getattr(x, "dtype", None)
    return fingerprint(x.astype("float32")) if str(dtype) == "float64" else None


def steps_before(rows: list[Print], width: int, steps: list[Step]) -> list[Step] | None:
    """The steps that made `rows` (of `width` values each) in order; None where one of them is not sure."""
    found: list[Step] = []
    step = next((one for one in reversed(steps) if one.width == width and _all_in(rows, one.after)), None)
    while step is not None and len(found) < KEPT:
        if not _repeats(step):
            return None
        found.insert(0, step)
        step = _earlier(step, [one for one in steps if not any(one is known for known in found)])
    return found


def _earlier(step: Step, steps: list[Step]) -> Step | None:
    if step.whole[0] is not None:
        return next((one for one in steps if one.whole[1] is step.whole[0]), None)
    if step.before is None:
        return None
    width = _width(step.given)
    return next(
        (one for one in reversed(steps) if one.width == width and _all_in([step.before], one.after)), None
    )


def _all_in(rows: list[Print], made: list[Print]) -> bool:
    return bool(rows) and any(all(part.shared_with(one) == 1.0 for part in rows) for one in made)


def _repeats(step: Step) -> bool:
    """Whether the step, as it is left now, makes the same of the same rows: it may have been fitted again."""
    import numpy as np

    try:
        again, made = applied(step.kind, step.owner, step.given), step.made
        if isinstance(made, list):
            return list(again) == made
        again, made = (np.asarray(_dense(one)) for one in (again, made))
        if made.dtype.kind in "biufc":
            numbers = (again.astype("float64"), made.astype("float64"))
            return bool(np.allclose(*numbers, rtol=1e-5, atol=1e-7, equal_nan=True))
        return bool((again == made).all())
    except Exception:  # noqa: BLE001  then it is not sure
        return False


def applied(kind: str, owner: Any, x: Any) -> Any:
    """What a step makes of `x`. The owner of `padded` is its options, that of `divided` the number."""
    import numpy as np

    if kind == "transform":
        return owner.transform(x)
    if kind == "tokens":
        return owner.texts_to_sequences(list(x))
    if kind == "padded":
        return padded(x, **owner)
    if kind == "layer":
        return np.asarray(owner(x))
    return np.asarray(x) / owner


def padded(
    sequences: Any, maxlen: int, dtype: str = "int32", padding: str = "pre", truncating: str = "pre",
    value: float = 0.0,
) -> Any:  # fmt: skip
    """What Keras' `pad_sequences` does, without Keras."""
    import numpy as np

    made = np.full((len(sequences), maxlen), value, dtype=dtype)
    for row, one in zip(made, sequences, strict=True):
        kept = one[-maxlen:] if truncating == "pre" else one[:maxlen]
        if len(kept):
            row[slice(-len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return made


def divisors(work: Path, entry: str) -> list[tuple[float, str]]:
    """Constants that the script divides by, or multiplies the inverse of, with their places."""
    found = []
    try:
        tree = ast.parse((work / entry).read_text("utf-8", errors="replace"))
    except (OSError, ValueError, SyntaxError):
        return []
    for node in ast.walk(tree):
        parts: list[tuple[Any, Any]] = []
        if isinstance(node, ast.BinOp):
            parts = [(node.op, node.right), (node.op, node.left)] if isinstance(node.op, ast.Mult) else [
                (node.op, node.right)
            ]  # fmt: skip
        elif isinstance(node, ast.AugAssign):
            parts = [(node.op, node.value)]
        elif isinstance(node, ast.keyword) and node.arg == "rescale":
            parts = [(ast.Mult(), node.value)]
        for operator, value in parts:
            number = _number(value)
            if number and isinstance(operator, ast.Div | ast.Mult):
                divisor = number if isinstance(operator, ast.Div) else 1 / number
                if divisor >= 2:
                    found.append((round(divisor, 6), f"{entry}:{value.lineno}"))
    return list(dict.fromkeys(found))


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        left, right = _number(node.left), _number(node.right)
        return left / right if left is not None and right else None
    return None


def division_of(x: Any, known: list[tuple[float, str]]) -> Step | None:
    """The division by a constant that `x` went through: times that constant all of it is whole numbers."""
    import numpy as np

    with contextlib.suppress(TypeError, ValueError):
        values = np.asarray(x, dtype="float64")
        if not values.size or not (values % 1).any() or values.min() < 0:
            return None
        fitting: dict[float, str] = {}
        for divisor, place in known:
            raw = values * divisor
            whole = np.abs(raw - np.round(raw)).max() < 1e-3
            if whole and len(np.unique(np.round(raw))) > 2 and raw.max() <= divisor + 1e-3:
                fitting.setdefault(divisor, place)
        if len(fitting) == 1:
            [(divisor, place)] = fitting.items()
            raw = np.round(values * divisor)
            return Step("divided", divisor, place, raw, values, None, [], _width(raw), form(raw))
    return None
