"""Runs trainings under the harness and kills them with SIGKILL at chosen moments. Not a test itself.

    python interrupted.py PRELOADED MOMENTS TRIAL

The framework is imported once; each attempt is a fork of this process that runs the whole harness, so that an
attempt costs the training's own time and no more. Moments come one after the other, one per attempt:
`write N` kills half-way through the N-th checkpoint's bytes, `torn N` leaves half a checkpoint under its
final name (what a disk without working fsync may do), `written N` right after the N-th is in place, `step S`
so many seconds after the first epoch or round that the attempt ended. The last attempt is left alone.

Prints one line of JSON per attempt: the moment, how it ended, the checkpoints written and those resumed from.
"""

import importlib
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


def main() -> None:
    for name in filter(None, sys.argv[1].split(",")):
        importlib.import_module(name)
    trial = Path(sys.argv[3])
    for moment in [*json.loads(sys.argv[2]), ["none", 0]]:
        seen = trial.with_name(f"{trial.name}.seen")
        seen.write_text("")
        child = os.fork()
        if child == 0:
            attempt(moment, seen, trial)
        _child, status = os.waitpid(child, 0)
        said = [json.loads(line) for line in seen.read_text().splitlines()]
        ended = "killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        print(json.dumps({"moment": moment, "ended": ended, "seen": said}), flush=True)
        if ended != "killed" and moment[0] != "none":
            # Over before its moment came: the rest goes on with a training from the beginning.
            shutil.rmtree(trial / "checkpoint", ignore_errors=True)


def attempt(moment: list, seen: Path, trial: Path) -> None:
    kind, at = moment
    checkpoints.SHARE, checkpoints.EVERY = 1e9, 0.05
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
