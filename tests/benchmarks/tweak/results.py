"""What was measured so far, as a table and as a plot."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

TARGET = 0.90
PEERS = ("random", "tpe", "hyperband", "template")
METHODS = ("ours", "oracle", *PEERS)
SAID = {
    "ours": "Trainyard",
    "random": "KerasTuner RandomSearch",
    "tpe": "Optuna TPE + MedianPruner",
    "hyperband": "KerasTuner Hyperband",
    "template": "template only",
    "oracle": "oracle",
}


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def table(rows: list[dict[str, Any]]) -> str:
    """One line per method. Ratios compare ours with the method over the (script, seed) that both have."""
    ours = {(row["script"], row["seed"]): row for row in rows if row["method"] == "ours"}
    lines = [
        f"{'method':26} {'runs':>4} {'at target':>9} {'score':>6} {'trainings':>9} {'CPU s':>8} "
        f"{'ours/it':>8} {'s/hit':>6} {'net s':>7} {'ours/it':>8} {'GMAC':>8} {'ours/it':>8}"
    ]
    for method in METHODS:
        own = [row for row in rows if row["method"] == method and row["score"] is not None]
        if not own:
            continue
        shared = [(ours[key], row) for row in own if (key := (row["script"], row["seed"])) in ours]
        reached = sum(row["score"] >= TARGET for row in own)
        lines.append(
            f"{SAID[method]:26} {len(own):4} {reached:6}/{len(own):<2} "
            f"{statistics.mean(row['score'] for row in own):6.3f} "
            f"{statistics.median(row.get('trainings', row['retrains']) for row in own):9.0f} "
            f"{sum(row['cpu'] for row in own):8.0f} {_ratio(shared, _cpu):>8} "
            f"{_each(sum(row['cpu'] for row in own), reached):>6} "
            f"{sum(_net(row) for row in own):7.0f} {_ratio(shared, _net):>8} "
            f"{sum(row['macs'] for row in own) / 1e9:8.1f} {_ratio(shared, _macs):>8}"
        )
    if ours:
        retrains = statistics.median(row["retrains"] for row in ours.values())
        lines.append(f"Trainyard: median {retrains:g} retrains; its CPU includes the script's own training.")
    return "\n".join(lines)


def _each(seconds: float, reached: int) -> str:
    """CPU seconds for each run that ended at the target: who misses it has to search again."""
    return f"{seconds / reached:.1f}" if reached else "-"


def _cpu(row: dict[str, Any]) -> float:
    return row["cpu"]


def _net(row: dict[str, Any]) -> float:
    """CPU seconds without imports and the chain around the trainings."""
    return row["cpu"] - row.get("startup", 0.0)


def _macs(row: dict[str, Any]) -> float:
    return row["macs"]


def _ratio(shared: list[tuple[Any, Any]], of: Callable[[dict[str, Any]], float]) -> str:
    theirs = sum(of(row) for _, row in shared)
    return f"{sum(of(row) for row, _ in shared) / theirs:.2f}" if theirs else "-"


def plot(found: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """CPU seconds of each run against its held-out score, a series per method."""
    import pygal

    chart = pygal.XY(
        stroke=False, logarithmic=False, x_title="CPU seconds", y_title="accuracy on the script's test set"
    )
    for method in METHODS:
        points = [
            {"value": (row["cpu"], row["score"]), "label": f"{row['script']}, seed {row['seed']}"}
            for rows in found.values()
            for row in rows
            if row["method"] == method and row["score"] is not None
        ]
        if points:
            chart.add(SAID[method], points)
    chart.render_to_file(str(path))
