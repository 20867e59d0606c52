"""What the harness costs: the same script with bare Python, under the harness, and there without checkpoints.

    python tests/benchmarks/bench_harness.py [--repetitions N]

The cases take turns within each repetition. The goals are held to CPU seconds, which a busy machine changes
least; wall seconds stand beside them.
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
from pathlib import Path
from typing import Any

from trainyard.images.venvs import prepare

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = {
    "keras": """
import numpy as np
from tensorflow import keras
rng = np.random.RandomState(0)
x = rng.rand(3000, 28, 28, 1).astype("float32")
y = (x.mean((1, 2, 3)) * 5000 % 10).astype(int)
layers = [keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.MaxPooling2D(), keras.layers.Flatten(),
          keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x[:2500], y[:2500], epochs=8, verbose=0)
print(model.evaluate(x[2500:], y[2500:], verbose=0))
""",
    "sklearn": """
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
x, y = make_classification(20000, 30, n_informative=12, random_state=0)
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
model = RandomForestClassifier(80, random_state=0).fit(x_train, y_train)
print(model.score(x_test, y_test))
""",
}
HARNESS = "import sys; from trainyard_harness import __main__, checkpoints; {}; sys.exit(__main__.main())"
CASES = {"bare": None, "harness": HARNESS.format("pass"), "unsaved": HARNESS.format("checkpoints.SHARE = 0")}
ALLOWED, ALLOWED_SECONDS, CHECKPOINTS = 0.05, 1.0, 0.03


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        for image, script in SCRIPTS.items():
            home = Path(os.environ.get("TRAINYARD_HOME") or "~/.cache/trainyard/bench").expanduser()
            python = prepare(image, None, home=home, say=print, log=None) / "bin" / "python"
            spent = measured(python, script, Path(folder) / image, repetitions)
            report[image] = {
                unit: judged({case: statistics.median(one[unit] for one in spent[case]) for case in spent})
                for unit in ("cpu", "wall")
            }
    print(table(report))
    target = TOP / "build" / "bench" / "harness.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(f"\n{target}")
    return 0 if all(one["cpu"]["held"] for one in report.values()) else 1


def measured(python: Path, script: str, folder: Path, repetitions: int) -> dict[str, list[dict[str, float]]]:
    """CPU and wall seconds of each case and repetition; one round more comes first and does not count."""
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "train.py").write_text(script)
    spent: dict[str, list[dict[str, float]]] = {case: [] for case in CASES}
    for turn in range(repetitions + 1):
        for case, code in CASES.items():
            trial = folder / f"{case}-{turn}"
            trial.mkdir()
            environment = {
                **os.environ, "PYTHONPATH": str(TOP / "src"), "PYTHONHASHSEED": "0",
                "TRAINYARD_SOURCE": str(source), "TRAINYARD_TRIAL": str(trial), "TRAINYARD_PARENT": "",
            }  # fmt: skip
            command = [str(python), "train.py"] if code is None else [str(python), "-c", code]
            began = time.monotonic()
            process = subprocess.Popen(
                command, cwd=source, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _pid, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"bench: {case} of {folder.name} ended with {process.returncode}")
            if turn:
                wall = time.monotonic() - began
                spent[case].append({"cpu": used.ru_utime + used.ru_stime, "wall": wall})
    return spent


def judged(seconds: dict[str, float]) -> dict[str, Any]:
    """The overhead, what is allowed, and the part of the time that checkpoints take."""
    overhead = seconds["harness"] - seconds["bare"]
    allowed = ALLOWED * seconds["bare"] + ALLOWED_SECONDS
    checkpoints = max(0.0, seconds["harness"] / seconds["unsaved"] - 1)
    return {
        **seconds, "overhead": overhead, "allowed": allowed, "checkpoints": checkpoints,
        "held": overhead <= allowed and checkpoints <= CHECKPOINTS,
    }  # fmt: skip


def table(report: dict[str, Any]) -> str:
    lines = [
        "| script | seconds | bare | harness | overhead | allowed (5 % + 1 s) | checkpoints (3 %) |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {image} | {unit} | {one['bare']:.2f} | {one['harness']:.2f} | {one['overhead']:+.2f} "
        f"| {one['allowed']:.2f} | {one['checkpoints']:.1%} |"
        for image, units in report.items()
        for unit, one in units.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
