"""The process executor's supervisor: `python -m trainyard.executors.supervise FOLDER LOCK`.

Starts the training named by the folder's request, watches its memory, copies its output, and records how it
ended. It is a process and a session of its own, so that a training outlives the command that started it. One
that keeps a process warm for its run's next trial waits for that a while (`trainyard.executors.handover`).
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from trainyard.boots import boot
from trainyard.executors import handover, records
from trainyard.executors.children import Cold, Warm, prctl

MAX_OUTPUT = 64 * 2**20
"""Bytes of output kept; a training that prints for ever must not fill the disk."""

_WATCH_SECONDS = 0.2
_MIB = 2**20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PR_SET_CHILD_SUBREAPER = 36


def main(folder: Path, lock: int) -> int:
    """Args: the training's folder, and the descriptor that holds its lock."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)  # whatever the training leaves behind becomes a child of ours
    for ignored in (signal.SIGHUP, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    warm: Warm | None = None
    while True:
        request = records.read(folder / records.REQUEST)
        assert request is not None, "start() writes the request first"  # noqa: S101
        records.write(folder / records.PROCESS, {"pid": os.getpid()})
        if request["warm"] and warm is None:
            warm = Warm(request)
        with (folder / records.OUTPUT).open("wb", buffering=0) as output:
            ending = _supervise(request, folder, output, warm)
        records.write(folder / records.EXIT, ending)
        os.close(lock)
        if warm is None or not warm.lives or (following := handover.awaited(folder, request)) is None:
            return 0
        folder, lock = following


def _supervise(request: dict[str, Any], folder: Path, output: BinaryIO, warm: Warm | None) -> dict[str, Any]:
    read, write = os.pipe()
    try:
        child = warm.fork(request, write) if warm is not None and warm.lives else Cold(request, write)
    except OSError as error:
        os.close(read)
        return {"status": "exited", "exit_code": 127, "detail": f"{request['command'][0]}: {error.strerror}"}
    finally:
        os.close(write)
    ended = os.pidfd_open(child.pid)
    started = records.start_time(child.pid)
    records.write(folder / records.CHILD, {"pid": child.pid, "started": started, "boot": boot()})
    limit: int = request["memory"]
    try:
        peak, over = _watch(child.pid, ended, read, output, limit)
    finally:
        os.close(read)
        os.close(ended)
    for pid in tree(os.getpid()):
        if warm is None or pid != warm.pid:
            _kill(pid)
    code = child.code()
    if over:
        more = f"more memory than its limit of {limit // _MIB} MiB; the peak was {math.ceil(peak / _MIB)} MiB"
        detail = f"It was killed for using {more}."
        return {"status": "out-of-memory", "exit_code": 137, "detail": detail, "peak": peak}
    return {"status": "exited", "exit_code": code if code >= 0 else 128 - code, "detail": "", "peak": peak}


def _watch(pid: int, ended: int, pipe: int, output: BinaryIO, limit: int) -> tuple[int, int]:
    """Copies output and measures memory until the training ends: the peak, and what it is killed for or 0.

    Args:
        ended: the training's pidfd.
        pipe: where its output comes from.
    """
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(pipe, select.POLLIN)
    peak = written = 0
    measure_at = time.monotonic()
    while True:
        ready = dict(poll.poll(max(0.0, measure_at - time.monotonic()) * 1000))
        if pipe in ready:
            data = os.read(pipe, 65536)
            if not data:
                poll.unregister(pipe)
            written = _keep(output, data, written)
        elif ended in ready:
            return peak, 0
        if time.monotonic() >= measure_at:
            measure_at = time.monotonic() + _WATCH_SECONDS
            used = memory(tree(pid), limit)
            peak = max(peak, used)
            if used > limit:
                return peak, used


def _keep(output: BinaryIO, data: bytes, written: int) -> int:
    if written < MAX_OUTPUT:
        with contextlib.suppress(OSError):  # a full disk must not stop the training's pipe
            output.write(data[: MAX_OUTPUT - written])
            if written + len(data) >= MAX_OUTPUT:
                output.write(b"\n... the rest of the output is not kept ...\n")
    return written + len(data)


def tree(root: int) -> list[int]:
    """All living descendants of `root`, and itself unless it is this process."""
    found = [] if root == os.getpid() else [root]
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                children = [int(child) for child in (thread / "children").read_text().split()]
                found += children
                waiting += children
    return found


def memory(pids: list[int], limit: int) -> int:
    """Bytes that the processes hold in memory together.

    Resident sizes count pages that forked workers share once for each of them; only where that sum is over
    `limit` the slower proportional sizes (proc(5), smaps_rollup) are taken.
    """
    resident = sum(_resident(pid) for pid in pids)
    if resident <= limit or len(pids) == 1:
        return resident
    return sum(_proportional(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
