"""Finds the script that trains, by reading syntax, for `docker run -v $PWD:/src IMAGE` by hand.

The controller's detector is the one that explains itself; it names the entry in `job.json`, and then this is
not asked.
"""

from __future__ import annotations

import ast
from pathlib import Path

from trainyard_harness.notebook import source_of
from trainyard_harness.trial import HarnessError

_SKIPPED = {"test", "tests", "docs", "examples", "venv", ".venv", "env", "node_modules", "site-packages"}
_TRAINS = {"fit", "fit_generator", "partial_fit", "train_on_batch", "backward", "apply_gradients"}
_NAMES = ("train", "main", "model", "run")


def choose(source: Path) -> str:
    """The path of the script that trains, relative to `source`.

    Raises:
        HarnessError: none trains, or several do and nothing tells them apart.
    """
    scores: dict[str, int] = {}
    for path in sorted([*source.rglob("*.py"), *source.rglob("*.ipynb")]):
        inside = path.relative_to(source)
        if any(part in _SKIPPED or part.startswith(".") for part in inside.parts[:-1]):
            continue
        if inside.name in {"setup.py", "conftest.py"} or inside.name.startswith("test_"):
            continue
        scores[inside.as_posix()] = score(path)
    training = {name: value for name, value in scores.items() if value > 0}
    if not training:
        if len(scores) == 1:
            return next(iter(scores))
        raise HarnessError(f"{source}: no script that trains was found. Name one in job.json (entry).")
    best = max(training.values())
    winners = [name for name, value in training.items() if value == best]
    if len(winners) > 1:
        raise HarnessError(f"Several scripts train: {', '.join(winners)}. Name one in job.json (entry).")
    return winners[0]


def score(path: Path) -> int:
    """How much `path` looks like the script that trains; 0 where it does not train at all."""
    try:
        text = source_of(path)
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return 0
    trains = any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TRAINS
        for node in ast.walk(tree)
    )
    runs = any(
        isinstance(node, ast.Expr | ast.Assign | ast.For | ast.While | ast.With)
        and any(isinstance(inner, ast.Call) for inner in ast.walk(node))
        for node in tree.body
    )
    guarded = '__name__ == "__main__"' in text or "__name__ == '__main__'" in text
    if not (trains or guarded):
        return 0
    points = 10 if trains else 2
    if not (runs or guarded):
        return 0 if not trains else 1
    points += 4 if guarded else 0
    points += 3 if any(word in path.stem.lower() for word in _NAMES) else 0
    return points + (1 if path.suffix == ".py" else 0)
