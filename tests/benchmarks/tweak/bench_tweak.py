"""The tweaker against the tuners that a user could take instead: score, CPU, multiplications, trainings.

    make bench-tweak
    bench_tweak.py [--set seen,unseen] [--scripts NAME,...] [--methods NAME,...] [--seeds 0,1,2] [--report]

Every (script, method, seed) is measured once and kept in build/bench/tweak: a bench that was interrupted goes
on, and deleting a file measures that one again. All get one thread, the same rows and the same target. CPU
time is that of all processes involved, the controller and every import included; "net" leaves those two out,
since a script that trains for minutes hardly notices them.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import results

from trainyard.images.venvs import prepare

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
KEPT = TOP / "build" / "bench" / "tweak"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "trainyard"
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    options = _options()
    scripts = [
        path
        for folder in options.set.split(",")
        for path in sorted((HERE / folder).glob("*.py"))
        if not options.scripts or path.stem in options.scripts.split(",")
    ]
    seeds = [int(one) for one in options.seeds.split(",")]
    if not options.report:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # trainings outlive the verb that starts them
        home = _home()
        for seed in seeds:
            for script in scripts:
                for method in options.methods.split(","):
                    _once(script, method, seed, home)
    found = {name: results.read(KEPT / name) for name in options.set.split(",")}
    text = "\n\n".join(f"{name} scripts\n{results.table(rows)}" for name, rows in found.items())
    print(text)
    (KEPT / "tweak.json").write_text(json.dumps(found, indent=2) + "\n")
    results.plot({**found}, KEPT / "tweak.svg")
    print(f"\n{KEPT / 'tweak.json'}\n{KEPT / 'tweak.svg'}")
    return 0


def _once(script: Path, method: str, seed: int, home: Path) -> None:
    kept = KEPT / script.parent.name / f"{script.stem}-{method}-{seed}.json"
    if kept.exists() or (method in results.PEERS and not _is_keras(script)):
        return
    print(f"bench: {script.stem}, {method}, seed {seed}", file=sys.stderr, flush=True)
    before = _cpu()
    if method == "ours":
        found = _ours(script, seed, home)
    elif method == "oracle":
        found = _oracle(script, seed, home)
    else:
        found = _peer(script, method, seed, home)
    _reap()
    found.setdefault("cpu", round(_cpu() - before, 2))
    if method in ("ours", "oracle") and _is_keras(script):
        chain = found["cpu"] - sum(found["cpu_by_trial"])
        found["startup"] = round(chain + _import(home), 2)
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = kept.with_suffix(".part")
    aside.write_text(
        json.dumps({"script": script.stem, "method": method, "seed": seed, **found}, indent=2) + "\n"
    )
    aside.replace(kept)


def _is_keras(script: Path) -> bool:
    return "keras" in script.read_text()


def _ours(script: Path, seed: int, home: Path) -> dict[str, Any]:
    """`trainyard run`, as a user types it, on a folder that holds the script alone."""
    run = home / "runs" / _name(script, seed)
    shutil.rmtree(run, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        shutil.copy(script, Path(folder) / "train.py")
        command = [Path(sys.executable).with_name("trainyard"), "run", folder, "--name", run.name]
        command += ["--seed", str(seed), "--executor", "process", "--json"]
        command += ["--policy", f"target={results.TARGET}"]
        done = subprocess.run(command, env=_environment(home), capture_output=True, text=True, check=False)
    verdict = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if not verdict.get("trials"):
        raise SystemExit(f"bench: {script.stem}: {done.stderr[-3000:]}")
    trials = [Path(verdict["report"]).parent / "trials" / f"{one['number']:03d}" for one in verdict["trials"]]
    scores = [_score(trial) for trial in trials]
    return {
        "score": scores[verdict["best_trial"]] if verdict["best_trial"] is not None else None,
        "baseline": scores[0],
        "retrains": verdict["retrains"],
        "looks": verdict.get("looks"),
        "outcome": verdict["outcome"],
        "trainings": len(trials),
        "macs": sum(_macs(trial) for trial in trials),
        "steps": [one["spec"]["step"] for one in verdict["trials"][1:]],
        "story": [one["reason"] for one in verdict["trials"]],
        "reason": verdict["reason"],
        "cpu_by_trial": [one["cpu_seconds"] for one in verdict["trials"]],
        "best": str(trials[verdict["best_trial"] or 0]),
    }


def _oracle(script: Path, seed: int, home: Path) -> dict[str, Any]:
    """Training what ours ended with once, from scratch: what knowing the answer beforehand costs."""
    ours = KEPT / script.parent.name / f"{script.stem}-ours-{seed}.json"
    best = Path(json.loads(ours.read_text())["best"])
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        trial = Path(folder)
        for name in ("job.json", "spec.json"):
            shutil.copy(best / name, trial)
        (trial / "source").mkdir()
        shutil.copy(script, trial / "source" / "train.py")
        environment = _environment(home)
        environment |= {"TRAINYARD_SOURCE": str(trial / "source"), "TRAINYARD_TRIAL": str(trial)}
        environment |= {"PYTHONPATH": str(TOP / "src"), "PYTHONHASHSEED": "0", "TRAINYARD_PARENT": ""}
        image = "keras" if _is_keras(script) else "boosting" if "xgboost" in script.read_text() else "sklearn"
        python = prepare(image, None, home=home, say=print, log=None) / "bin" / "python"
        subprocess.run([python, "-m", "trainyard_harness"], env=environment, capture_output=True, check=False)
        used = json.loads((trial / "metrics.json").read_text())["cpu_seconds"]
        return {"score": _score(trial), "retrains": 1, "macs": _macs(trial), "cpu_by_trial": [used]}


@functools.cache
def _import(home: Path) -> float:
    """CPU seconds that Keras takes to be imported, once by a run of ours as by a peer."""
    python = prepare("keras", None, home=home, say=print, log=None) / "bin" / "python"
    before = _cpu()
    subprocess.run([python, "-c", "import keras"], env=_environment(home), check=True)
    return _cpu() - before


def _peer(script: Path, method: str, seed: int, home: Path) -> dict[str, Any]:
    requirements = HERE / "requirements.txt"
    python = prepare("keras", requirements, home=home, say=print, log=None) / "bin" / "python"
    environment = {**_environment(home), "PYTHONPATH": f"{HERE}:{TOP / 'src'}"}
    command = [str(python), str(HERE / "peers.py"), str(script), method, str(seed), str(results.TARGET)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {script.stem}, {method}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _score(trial: Path) -> float | None:
    """Accuracy on the script's own test set, all of it."""
    written = trial / "metrics.json"
    if not written.exists():
        return None
    wanted = [
        one
        for one in json.loads(written.read_text())["metrics"]
        if one["name"] == "accuracy"
        and one["part"] == "all"
        and one["split"] in ("test", "held-out", "validation")
    ]
    wanted = [one for one in wanted if one["split"] == "test"] or wanted
    return wanted[-1]["value"] if wanted else None


def _macs(trial: Path) -> float:
    """Multiply-adds of a training; a way back takes twice those of a way forward."""
    if not (trial / "metrics.json").exists() or not (trial / "architecture.json").exists():
        return 0.0
    metrics = json.loads((trial / "metrics.json").read_text())
    each = json.loads((trial / "architecture.json").read_text()).get("macs") or 0
    return 3 * each * metrics["epochs_done"] * ((metrics["data"] or {}).get("n_train") or 0)


def _name(script: Path, seed: int) -> str:
    return f"{script.parent.name}-{script.stem}-{seed}".replace("_", "-")


def _home() -> Path:
    """A state home of the bench's own, with the environments of the tests where those are there."""
    home = CACHE / "bench-tweak"
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "venvs").exists() and (CACHE / "test-venvs").exists():
        (home / "venvs").symlink_to(CACHE / "test-venvs")
    (home / "config.toml").write_text("[limits]\ncpus = 1.0\n\n[patch]\nenabled = false\n")
    return home


def _environment(home: Path) -> dict[str, str]:
    own = {"TRAINYARD_HOME": str(home), "TRAINYARD_CONFIG": str(home / "config.toml")}
    return {**os.environ, **THREADS, **own, "TF_CPP_MIN_LOG_LEVEL": "3"}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap() -> None:
    """Waits for supervisors that have become our children, so that their time counts."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="seen,unseen")
    parser.add_argument("--scripts", default="")
    parser.add_argument("--methods", default=",".join(results.METHODS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--report", action="store_true", help="only show what is measured so far")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
