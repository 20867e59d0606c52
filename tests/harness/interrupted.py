"""Runs trainings under the harness and kills them with SIGKILL at chosen moments. Not a test itself.

    python interrupted.py PRELOADED MOMENTS TRIAL

The framework is imported once; each attempt is a fork of this process that runs the whole harness, so that an
attempt costs the training's own time and no more. Moments come one after the other, one per attempt:
`write N` kills half-way through the N-th checkpoint's bytes, `torn N` leaves half a checkpoint under its
final name (what a disk without working fsync may do), `written N` right after the N-th is in place, `step S`
so many seconds after the first epoch or round that the attempt ended. The last attempt is left alone.
Inside an epoch a checkpoint is due every INTERVAL steps instead of every so many seconds. CatBoost writes its
snapshots itself, after every round here: it is watched, and killed, from outside.

The script says what it trains by one byte per step (or round) in the file that TRAINED names. Prints one line
of JSON per attempt: the moment, how it ended, the steps trained, the checkpoints written and resumed from.
"""

import importlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from trainyard_harness import checkpoints

INTERVAL = 5


def main() -> None:
    for name in filter(None, sys.argv[1].split(",")):
        importlib.import_module(name)
    trial = Path(sys.argv[3])
    trained = trial.with_name("trained")
    os.environ["TRAINED"] = str(trained)
    for moment in [*json.loads(sys.argv[2]), ["none", 0]]:
        seen = trial.with_name(f"{trial.name}.seen")
        seen.write_text("")
        trained.write_bytes(b"")
        child = os.fork()
        if child == 0:
            attempt(moment, seen, trial)
        if "catboost" in sys.argv[1]:
            status = watched(child, moment, trial / "checkpoint" / "fit-0000.catboost")
        else:
            status = os.waitpid(child, 0)[1]
        said = [json.loads(line) for line in seen.read_text().splitlines()]
        ended = "killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        report = {"moment": moment, "ended": ended, "trained": trained.stat().st_size, "seen": said}
        print(json.dumps(report), flush=True)
        if ended != "killed" and moment[0] != "none":
            # Over before its moment came: the rest goes on with a training from the beginning.
            shutil.rmtree(trial / "checkpoint", ignore_errors=True)


def attempt(moment: list, seen: Path, trial: Path) -> None:
    kind, at = moment
    asked = itertools.count(1)
    checkpoints.SHARE = 1e9
    checkpoints.Store.due = lambda _store: next(asked) % INTERVAL == 0
    log = (trial.parent / "log.txt").open("ab")
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    written, write, newest = [], checkpoints.write_atomic, checkpoints.Store.newest

    def say(*words: object) -> None:
        with seen.open("a") as file:
            file.write(json.dumps(words) + "\n")

    def killing(path: Path, data: bytes) -> None:
        if path.suffix != ".ckpt":
            return write(path, data)
        written.append(path)
        if len(written) == at and kind == "write":
            path.with_name(f".{path.name}.{os.getpid()}").write_bytes(data[: len(data) // 2])
            die()
        if len(written) == at and kind == "torn":
            path.write_bytes(data[: len(data) // 2])
            say("torn", path.name)
            die()
        write(path, data)
        say("written", path.name)
        if len(written) == at and kind == "written":
            die()
        return None

    def telling(store: checkpoints.Store, fit: int) -> object:
        found = newest(store, fit)
        state = found[0] if found else {}
        say("resumed", fit, [state.get(name) for name in ("round", "epoch", "step")] if found else None)
        return found

    checkpoints.write_atomic, checkpoints.Store.newest = killing, telling
    if "catboost" in sys.argv[1]:
        from trainyard_harness.frameworks import catboost_hooks

        catboost_hooks.INTERVAL, kind = 0, "watched"
    if kind == "step":
        watcher = threading.Thread(target=kill_after, args=(trial / "history.csv", at), daemon=True)
        watcher.start()
    random.seed()
    sys.argv = [sys.argv[0]]
    from trainyard_harness import __main__ as harness

    try:
        code = harness.main()
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        code = 99
    sys.stdout.flush()
    os._exit(code)


def watched(child: int, moment: list, snapshot: Path) -> int:
    """Kills the child when the snapshot has changed so often, or so many seconds after its first change."""
    kind, at = moment
    changes, known, first = 0, identity(snapshot), None
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        found = identity(snapshot)
        if found != known:
            changes, known, first = changes + 1, found, first or time.monotonic()
        due = time.monotonic() >= first + at if kind == "step" and first else kind != "step" and changes >= at
        if due and kind != "none":
            if kind == "write":
                time.sleep(random.uniform(0, 0.02))  # into the next one
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            if kind == "torn" and os.WIFSIGNALED(status):
                os.truncate(snapshot, snapshot.stat().st_size // 2)
            return status
        time.sleep(0.001)
    return ended[1]


def identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def kill_after(history: Path, seconds: float) -> None:
    """Waits for a row of this attempt's own (the file changes), then so many seconds, and kills."""
    began = time.time()
    while not (history.exists() and history.stat().st_mtime > began) and time.time() - began < 20:
        time.sleep(0.002)
    time.sleep(seconds)
    die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


if __name__ == "__main__":
    main()
