"""`python -m trainyard_harness.warm DESCRIPTOR`: trainings as forks of a process that knows their framework.

Importing TensorFlow takes longer than many a training, and every trial of a run would do it again. The
process executor's supervisor starts one of these per run, and asks over a socket for one fork after the
other. No pushed code runs before a fork, so each training starts as a process of its own would.
"""

from __future__ import annotations

import ast
import ctypes
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from trainyard_harness import entry as entries
from trainyard_harness import record
from trainyard_harness.__main__ import main as train
from trainyard_harness.imports import uncollected
from trainyard_harness.leaving import leave
from trainyard_harness.opening import Step, Variable, opening
from trainyard_harness.trial import from_environment, read_job

COLD = [sys.executable, "-m", "trainyard_harness"]
LONGEST = 2**20
"""Bytes of a request: a training's environment variables, mostly."""
_PR_SET_PDEATHSIG = 1


def main(link: socket.socket) -> int:
    """Imports, then answers requests until the supervisor is gone; a fork ends with its training's exit code.

    A request is `{"env", "cwd"}` with the descriptor that takes the output. The answers are `{"pid"}` and,
    once the supervisor has said that it watches that process, `{"code"}`, negative for a signal.
    """
    own = os.getpid()
    with uncollected():
        warm = _import_framework()
    charged = 0.0
    while message := (given := socket.recv_fds(link, LONGEST, 1))[0]:
        request, output = json.loads(message), given[1][0]
        spent = sum(os.times()[:2])
        settled, settles = os.pipe()
        if not (pid := os.fork()):
            link.close()
            os.close(settled)
            _become(request, output, own)
            os.close(settles)
            if not warm:
                os.execve(COLD[0], COLD, request["env"])  # noqa: S606
            record.spent_before = spent - charged
            leave(train())
        charged = spent
        os.close(settles)
        os.close(output)
        os.read(settled, 1)  # ends when the fork has a session of its own, which signals are sent to
        os.close(settled)
        link.send(json.dumps({"pid": pid}).encode())
        if link.recv(LONGEST):
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            link.send(json.dumps({"code": code}).encode())
    return 0


def _become(request: dict[str, Any], output: int, parent: int) -> None:
    """Makes this fork what a fresh `python -m trainyard_harness` is."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGKILL)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.path[0] = request["cwd"]
    sys.argv = COLD[2:]
    sys.orig_argv = COLD  # what the harness starts itself again with


def _import_framework() -> bool:
    """Whether the framework is imported and every fork is as good as a fresh process."""
    before = set(sys.modules)
    try:
        trial = from_environment()
        job = read_job(trial)
        steps = opening(trial.source / (job.entry or entries.choose(trial.source)), trial.source)
        os.environ.update(job.env)  # as before the script's first line; the trials of a run share it
        for step in steps:
            _take(step)
    except Exception:  # noqa: BLE001  the script's own import says what is wrong
        return False
    made = {name.partition(".")[0] for name in set(sys.modules) - before}
    own = {path.stem for path in trial.source.rglob("*") if path.suffix == ".py" or path.is_dir()}
    return bool(steps) and not made & own and _is_single()


def _take(step: Step) -> None:
    if not isinstance(step, Variable):
        exec(compile(ast.Module([step], []), "<import>", "exec"), {})  # noqa: S102
    elif not (step.default and step.name in os.environ):
        os.environ[step.name] = step.value


def _is_single() -> bool:
    """Whether this process has one thread when it forks: no lock is then held by a thread that forks lack.

    OpenBLAS has threads, and ends them at a fork.
    """
    if not (pid := os.fork()):
        os._exit(0)
    os.waitpid(pid, 0)
    return len(list(Path("/proc/self/task").iterdir())) == 1


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1]))))
