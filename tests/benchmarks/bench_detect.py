"""What detection costs: a typical repository, the start of the command, and growth with the size of the code.

    scripts/bench
    .venv/bin/python tests/benchmarks/bench_detect.py [--repetitions N]

Goals: at most 30 ms for a typical repository once started, `trainyard detect` starts in under 300 ms, and
twice the
code takes about twice the time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CORPUS = TOP / "tests" / "corpus"
TYPICAL_MS, START_MS = 30.0, 300.0
SIZES = (50, 100, 200, 400, 800)
"""Blocks of the generated script; one block is about 400 characters."""
BLOCK = """
def prepare_{n}(table, scale=1.0):
    rows = [value * scale for value in table["column_{n}"] if value is not None]
    table["mean_{n}"] = sum(rows) / max(1, len(rows))
    if scale > {n}:
        table = {{"column_{n}": rows, "other": [round(v, 2) for v in rows]}}
    return table

frame = prepare_{n}(frame, scale=0.{n})
model_{n} = RandomForestClassifier(n_estimators={n}).fit(frame["x"], frame["y"])
"""


def main() -> int:
    """Measures, prints a table and writes build/bench/detect.json; 1 where a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repetitions", type=int, default=7)
    repetitions = options.parse_args().repetitions
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed copy has its bytecode
    typical = _typical(repetitions)
    start = _best(
        lambda: _run([str(TOP / ".venv/bin/trainyard"), "detect", str(CORPUS / "sklearn-plain/repo")]),
        repetitions,
    )
    bare = _best(lambda: _run([sys.executable, "-c", "import trainyard.detect"]), repetitions)
    growth = _growth(repetitions)
    per_block = [seconds / blocks for blocks, seconds in growth.items()]
    report = {
        "typical_repository_ms": {
            "median": round(statistics.median(typical), 2),
            "worst": round(max(typical), 2),
        },
        "command_ms": round(start * 1000, 1),
        "import_ms": round(bare * 1000, 1),
        "growth_ms": {str(blocks): round(seconds * 1000, 2) for blocks, seconds in growth.items()},
        "cost_of_a_block_largest_by_smallest": round(per_block[-1] / per_block[0], 2),
    }
    target = TOP / "build" / "bench" / "detect.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    median = report["typical_repository_ms"]["median"]
    worst = f"worst of {len(typical)}: {max(typical):.1f}"
    print(f"typical repository     {median:8.1f} ms   ({worst}; goal {TYPICAL_MS:.0f})")
    print(f"trainyard detect PATH  {start * 1000:8.1f} ms   (whole command; goal {START_MS:.0f})")
    print(f"import trainyard.detect{bare * 1000:8.1f} ms   (with Python's own start)")
    for blocks, seconds in growth.items():
        each = seconds / blocks * 1e6
        print(f"{blocks:5d} blocks           {seconds * 1000:8.1f} ms   ({each:.0f} us a block)")
    return 0 if median <= TYPICAL_MS and start * 1000 <= START_MS else 1


def _typical(repetitions: int) -> list[float]:
    from trainyard.detect import detect

    repositories = sorted(CORPUS.glob("*/repo"))
    detect(repositories[0])
    return [_best(lambda r=repository: detect(r), repetitions) * 1000 for repository in repositories]


def _growth(repetitions: int) -> dict[int, float]:
    from trainyard.detect import detect

    out: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        for blocks in SIZES:
            place = Path(folder) / str(blocks)
            place.mkdir()
            code = "from sklearn.ensemble import RandomForestClassifier\nframe = {}\n"
            (place / "train.py").write_text(code + "".join(BLOCK.format(n=n) for n in range(blocks)))
            out[blocks] = _best(lambda p=place: detect(p), repetitions)
    return out


def _best(action: Callable[[], object], repetitions: int) -> float:
    """Seconds of the fastest of several turns: what the work costs when nothing disturbs it."""
    best = float("inf")
    for _ in range(repetitions):
        begun = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - begun)
    return best


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
