"""What the chain itself costs: from a commit to its verdict, minus the bare training, beside other tools.

    scripts/bench [--repetitions N] [--executors process,docker]

All cases take turns within each repetition, so that a slow moment of the machine hits all of them alike.
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
from shutil import copytree

import noop_chains

from trainyard.executors.choose import why_no_engine

TOP = Path(__file__).resolve().parents[2]
EXAMPLE = TOP / "examples" / "wine-forest"
SCRIPT = "train.py"
YARDSTICK = "dvc repro"
GOALS = {"process": ("at most 1.0 x dvc repro", 1.0, None), "docker": ("at most 3 s", None, 3.0)}


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the other tools have theirs since their installation
    executors = [name for name in options.executors.split(",") if name]
    if "docker" in executors and (why := why_no_engine()):
        print(f"bench: no Docker Engine ({why}): the docker executor is left out", file=sys.stderr)
        executors.remove("docker")
    noop_chains.tools(TOP / "build" / "bench-venv")
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        work = Path(folder)
        cases = noop_chains.cases(TOP / "build" / "bench-venv", work)
        for executor in executors:
            chain = Chain(executor, work / executor)
            cases[f"bare {SCRIPT} ({executor})"] = chain.bare
            cases[f"trainyard run ({executor})"] = chain.run
        seconds = measure(cases, options.repetitions)
    report = summary(seconds, executors)
    print(table(report))
    target = TOP / "build" / "bench" / "chain.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(f"\n{target}")
    return 0


class Chain:
    """One git repository that gets a commit per repetition, one state home, one executor."""

    def __init__(self, executor: str, work: Path) -> None:
        self.executor = executor
        self.source = work / "wine-forest"
        self.environment = {**os.environ, "TRAINYARD_HOME": str(work / "home")}
        self.commits = 0
        if executor == "docker":
            subprocess.run([TOP / "scripts" / "base-image"], env=self.environment, check=True, stdout=2)
        copytree(EXAMPLE, self.source)
        self.git("init", "--quiet")
        self.commit()
        self.run()  # builds the image or the environment, and tells which one it was
        self.bare_command = _bare_command(executor, self.source, work / "home")

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        subprocess.run(["git", *identity, *arguments], cwd=self.source, check=True)

    def commit(self) -> None:
        self.commits += 1
        (self.source / "commit.txt").write_text(f"{self.commits}\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Commit {self.commits}")

    def run(self) -> None:
        """From a commit to its verdict."""
        self.commit()
        trainyard = Path(sys.executable).parent / "trainyard"
        done = subprocess.run(
            [trainyard, "run", self.source, "--executor", self.executor, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or json.loads(done.stdout)["outcome"] != "promoted":
            raise SystemExit(f"bench: trainyard run failed:\n{done.stdout}{done.stderr}")

    def bare(self) -> None:
        """The script as its developer runs it, with the same Python and libraries."""
        subprocess.run(self.bare_command, cwd=self.source, check=True, stdout=subprocess.DEVNULL)


def _bare_command(executor: str, source: Path, home: Path) -> list[str]:
    from trainyard.executors.choose import choose
    from trainyard.images.venvs import environment_of

    reference = choose(executor, home).prepare("sklearn", None, lambda line: None)
    if executor == "process":
        venv, _ = environment_of(reference, home)
        return [str(venv / "bin" / "python"), SCRIPT]
    mount = f"{source}:/work"
    inside = ["--entrypoint", "python", "--user", "0", "--workdir", "/work"]
    return ["docker", "run", "--rm", "--network", "none", "--volume", mount, *inside, reference, SCRIPT]


def measure(cases: dict[str, Callable[[], None]], repetitions: int) -> dict[str, list[float]]:
    """Wall seconds of each case, `repetitions` times after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for repetition in range(repetitions + 1):
        print(f"bench: repetition {repetition} of {repetitions}", file=sys.stderr)
        for name, case in cases.items():
            began = time.perf_counter()
            case()
            if repetition:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def summary(seconds: dict[str, list[float]], executors: list[str]) -> dict[str, object]:
    """Medians; the overhead of each executor is the median of (run - bare) within each repetition."""
    rows: dict[str, list[float]] = dict(seconds)
    for executor in executors:
        runs, bares = seconds[f"trainyard run ({executor})"], seconds[f"bare {SCRIPT} ({executor})"]
        rows[f"overhead ({executor})"] = [run - bare for run, bare in zip(runs, bares, strict=True)]
    yardstick = statistics.median(seconds[YARDSTICK])
    goals = {}
    for executor in executors:
        wording, ratio, limit = GOALS[executor]
        overhead = statistics.median(rows[f"overhead ({executor})"])
        reached = overhead <= (limit if ratio is None else ratio * yardstick)  # type: ignore[operator]
        goals[f"overhead ({executor})"] = {"goal": wording, "reached": reached}
    return {
        "rows": [
            {
                "name": name,
                "median_seconds": round(statistics.median(values), 3),
                "min_seconds": round(min(values), 3),
                "max_seconds": round(max(values), 3),
                "ratio_to_dvc": round(statistics.median(values) / yardstick, 2),
                **goals.get(name, {}),
            }
            for name, values in rows.items()
        ],
        "pins": noop_chains.PINS,
        "repetitions": len(seconds[YARDSTICK]),
    }


def table(report: dict[str, object]) -> str:
    lines = [f"{'':28} {'median':>8} {'min':>8} {'max':>8} {'x dvc':>7}"]
    for row in report["rows"]:  # type: ignore[attr-defined]
        line = f"{row['name']:28} {row['median_seconds']:7.2f}s {row['min_seconds']:7.2f}s"
        line += f" {row['max_seconds']:7.2f}s {row['ratio_to_dvc']:7.2f}"
        if "goal" in row:
            line += f"   goal {row['goal']}: {'reached' if row['reached'] else 'MISSED'}"
        lines.append(line)
    return "\n".join(lines)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--executors", default="process,docker")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
