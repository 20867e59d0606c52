"""The watcher: from a push to job1's first line, and what 1,000 remotes cost.

    scripts/bench, or: .venv/bin/python tests/benchmarks/bench_watch.py [--pushes N] [--remotes N]

The jobs are the shipped ones, loaded into the stand-in for Jenkins (tests/provisioning/standin); job1's
`trainyard` writes down when it began. So a latency holds `git push` itself, its hook or the next look, the
journal's fsync, Jenkins' API (the stand-in's, which is quicker than Java) and the start of a shell.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))

from tests.integration.watch_yard import GitHttp, Jenkins, Repo, Watcher, git, until  # noqa: E402

REPOS = 20
GOALS = {"hook": {"p50": 0.2, "p99": 1.0}, "poll": {"p99": 1.5}, "cpu": 0.5}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=200)
    parser.add_argument("--remotes", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    report: dict[str, object] = {"load": psutil.getloadavg()[0]}
    missed = False
    for way in ("hook", "poll"):
        with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
            seconds = sorted(latencies(Path(folder), way, options.pushes))
        found = {"p50": statistics.median(seconds), "p99": seconds[int(0.99 * (len(seconds) - 1))]}
        report[way] = {"pushes": len(seconds), **found}
        for name, value in found.items():
            missed |= line(f"push to job1, {way}, {name}", f"{value:.3f} s", value, GOALS[way].get(name))
    for kind in ("file", "http"):
        count = options.remotes if kind == "file" else options.remotes // 10
        with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
            cost = remotes(Path(folder), kind, count, options.seconds)
        report[f"{count} {kind} remotes"] = cost
        goal = GOALS["cpu"] if kind == "file" else None
        name = f"{count} {kind} remotes each second"
        missed |= line(f"{name}: of one core", f"{cost['core']:.1%}", cost["core"], goal)
        print(
            f"{name}: {cost['looks']:.0f} looks/s, {cost['mib']:.0f} MiB, grown {cost['grown_mib']:.1f} MiB"
        )
    target = TOP / "build" / "bench" / "watch.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    return int(missed)


def line(what: str, shown: str, value: float, goal: float | None) -> bool:
    """Prints a row; whether its goal was missed."""
    verdict = "" if goal is None else f"   goal {goal:g}: {'reached' if value <= goal else 'MISSED'}"
    print(f"{what:44} {shown:>9}{verdict}")
    return goal is not None and value > goal


def latencies(folder: Path, way: str, pushes: int) -> list[float]:
    """Seconds from the beginning of `git push` to job1's first line, one push after the other."""
    jenkins = Jenkins(folder)
    names = [f"repo{n}" for n in range(REPOS)]
    jenkins.load(*names)
    jenkins.start()
    repos = {name: Repo.make(folder, name) for name in names}
    watcher = Watcher(folder, jenkins, [{"name": n, "url": str(r.bare)} for n, r in repos.items()], 1.0)
    if way == "hook":
        for name, repo in repos.items():
            hook(repo, name, watcher.socket)
    pushed: dict[str, float] = {repo.pushed(): 0.0 for repo in repos.values()}
    watcher.start()
    try:
        until(lambda: all(jenkins.commits(name) for name in names) and all(map(watcher.settled, names)))
        chance = random.Random(1)
        for n in range(pushes):
            repo = repos[names[n % REPOS]]
            commit = repo.commit()
            time.sleep(chance.random() * 0.3)  # at any moment between two looks
            pushed[commit] = time.time()
            repo.push()
        until(lambda: sum(len(jenkins.commits(name)) for name in names) >= REPOS + pushes)
        began = {call["--commit"]: moment for moment, call in jenkins.calls() if call["verb"] == "pull"}
        return [began[commit] - moment for commit, moment in pushed.items() if moment]
    finally:
        watcher.kill()
        jenkins.kill()


def hook(repo: Repo, name: str, socket: Path) -> None:
    """As roles/git_server installs it."""
    script = repo.bare / "hooks" / "post-receive"
    script.parent.mkdir(exist_ok=True)
    script.write_text(
        "#!/bin/sh\nwhile read -r _ new ref; do\n"
        f"  curl --silent --max-time 5 --unix-socket {socket} --output /dev/null "
        f'--data-urlencode repo={name} --data-urlencode "ref=$ref" --data-urlencode "commit=$new" http://watch/push\ndone\n'
    )
    script.chmod(0o755)


def remotes(folder: Path, kind: str, count: int, seconds: float) -> dict[str, float]:
    """CPU share and memory of a watcher of `count` remotes of which one changes every second."""
    first = Repo.make(folder, "first")
    first.pushed()
    server = GitHttp(folder) if kind == "http" else None
    rows = []
    for n in range(count):
        bare = folder / f"r{n}.git"
        subprocess.run(["cp", "-r", str(first.bare), str(bare)], check=True)
        rows.append({"name": f"r{n}", "url": f"{server.url}/r{n}.git" if server else str(bare)})
    jenkins = Jenkins(folder)
    jenkins.load("r0")
    jenkins.start()
    watcher = Watcher(folder, jenkins, rows, 1.0)
    for row in rows[1:]:
        row["branches"] = ["no-such-branch", "mai*"]  # only noted at first sight
    watcher.start()
    try:
        process = psutil.Process(watcher.process.pid)
        until(lambda: len(list((watcher.home / "watch").glob("r*.json"))) == count, 300)
        looked = _looks(watcher.metrics)
        before, memory, began = sum(process.cpu_times()[:2]), process.memory_info().rss, time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            first.commit()
            git("push", "--quiet", "--force", folder / "r0.git", "HEAD:main", cwd=first.clone)
            time.sleep(1.0)
        spent = sum(process.cpu_times()[:2]) - before
        after = process.memory_info().rss
        return {
            "core": spent / passed,
            "looks": (_looks(watcher.metrics) - looked) / passed,
            "mib": after / 2**20,
            "grown_mib": (after - memory) / 2**20,
        }
    finally:
        watcher.kill()
        jenkins.kill()
        if server:
            server.close()


def _looks(page: Callable[[], str]) -> float:
    return sum(
        float(row.split()[-1]) for row in page().splitlines() if row.startswith("trainyard_polls_total")
    )


if __name__ == "__main__":
    sys.exit(main())
