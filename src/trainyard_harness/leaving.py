"""The end of the process, without taking the interpreter apart where nobody would notice.

Freeing a framework's modules one by one costs a quarter of a second for scikit-learn and more for TensorFlow;
the kernel frees them as well. What the interpreter does besides is kept: see `leave`.
"""

from __future__ import annotations

import _io
import atexit
import contextlib
import fcntl
import gc
import os
import stat
import sys
import threading
from pathlib import Path
from types import GeneratorType
from typing import Any, NoReturn


def _open_files() -> dict[int, os.stat_result]:
    found = {}
    for one in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):  # that of the listing itself, which is closed again
            found[int(one.name)] = os.fstat(int(one.name))
    return found


_INHERITED = {(one.st_dev, one.st_ino) for one in _open_files().values()}
"""The log, and whatever else was open before the script."""


_LIBRARIES = tuple(f"{one}{os.sep}" for one in (sys.prefix, sys.base_prefix, str(Path(__file__).parent)))


def leave(code: int) -> NoReturn:
    """Ends the process with `code`, as `sys.exit` would.

    Exit handlers are run and standard streams flushed. Whatever else could do something while it is freed has
    the interpreter taken apart as ever: threads, open pipes, sockets and files to write to (buffered text, an
    HDF5 file, worker processes), and objects of the script's own with a `__del__` or a `finally` to come.
    """
    if threading.active_count() == 1:
        atexit._run_exitfuncs()
        if not _is_owed() and _are_flushed():
            os._exit(code)
    sys.exit(code)


def _are_flushed() -> bool:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None:
                stream.flush()
        except Exception:  # noqa: BLE001  the interpreter has its own answer to streams that are closed or broken
            return False
    return True


def _is_owed() -> bool:
    """Whether anything here is done only when it is freed."""
    if any(_takes_data(*one) for one in _open_files().items()):
        return True
    living = gc.get_objects()
    kinds = set(map(type, living))
    if any(hasattr(kind, "__del__") and _is_own(kind) for kind in kinds):
        return True
    looked_at = {one for one in kinds if one is GeneratorType or issubclass(one, _io._TextIOBase)}
    for one in [one for one in living if type(one) in looked_at]:
        if not isinstance(one, GeneratorType):
            with contextlib.suppress(Exception):  # closed, or only to be read
                one.flush()  # a second one over standard output
        elif one.gi_frame is not None and not _of_library(one.gi_code.co_filename):
            return True
    return False


def _takes_data(descriptor: int, facts: os.stat_result) -> bool:
    """Whether what the script opened takes data that outlives this process."""
    if (facts.st_dev, facts.st_ino) in _INHERITED:
        return False
    if stat.S_ISREG(facts.st_mode):
        return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    return stat.S_ISFIFO(facts.st_mode) or stat.S_ISSOCK(facts.st_mode)


def _is_own(kind: Any) -> bool:
    """Whether a class is the script's, or of a module that is gone."""
    module = sys.modules.get(kind.__module__)
    name = getattr(module, "__file__", None)
    return kind.__module__ == "__main__" or module is None or (name is not None and not _of_library(name))


def _of_library(file: str) -> bool:
    return file.startswith(("<", *_LIBRARIES))
