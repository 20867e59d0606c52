"""A build step's process: output passed through and logged, signals passed on, never outliving the chain."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

_LEAK_CHECK = 0.5
"""Seconds between looks at a step that ended while something it started keeps its output open."""
_PR_SET_PDEATHSIG = 1


class Signals:
    """What SIGINT, SIGTERM and SIGHUP do while a chain runs: passed to the running step, and remembered."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.group: int | None = None
        """The running step's process group."""

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        if self.group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.group, number)


def run_step(
    command: list[str],
    *,
    workspace: Path,
    env: Mapping[str, str],
    log: Path,
    stream: int,
    signals: Signals,
    say: Callable[[str], None],
) -> int:
    """Runs `command` to its end; stdout and stderr go, as one, to the file `log` and the descriptor `stream`.

    Where `stream` is a terminal, the process gets a terminal too (of the same size), so that it may draw
    progress; elsewhere a pipe. It is killed with SIGTERM should this process die.

    Returns:
        The exit code; 128 + n after signal n, as a shell says it.

    Raises:
        OSError: the command cannot be started.
    """
    terminal = os.isatty(stream)
    reader, writer = _terminal(stream) if terminal else os.pipe()
    try:
        process = subprocess.Popen(
            command,
            cwd=workspace,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            process_group=0,
            preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509  # one thread here, and no allocation there
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    signals.group = process.pid
    if signals.received is not None:  # it came between the last look and the start
        os.killpg(process.pid, signals.received)
    try:
        with log.open("ab", buffering=0) as file:
            sinks = {"the log": file.fileno(), "the console": stream}
            while (chunk := _next_chunk(reader, process)) != b"":
                if terminal:
                    _copy_size(stream, reader)
                for name, sink in list(sinks.items()):
                    try:
                        _write_all(sink, chunk)
                    except OSError as error:
                        del sinks[name]  # a full disk or a closed pipe must not end a training
                        say(f"{log}: {name} cannot be written: {error.strerror}")
        code = process.wait()
    finally:
        signals.group = None
        os.close(reader)
    return 128 - code if code < 0 else code


def _next_chunk(reader: int, process: subprocess.Popen[bytes]) -> bytes:
    """The next output; b"" at its end, or once the step has ended and only what it left behind holds on."""
    while not select.select([reader], [], [], _LEAK_CHECK)[0]:
        if process.poll() is not None:
            return b""
    try:
        return os.read(reader, 65536)
    except OSError as error:
        if error.errno == errno.EIO:  # how a terminal says that its other side is closed
            return b""
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _terminal(like: int) -> tuple[int, int]:
    """A pseudo-terminal that changes no bytes: newlines become CR LF in the real one, not in the log."""
    reader, writer = os.openpty()
    attributes = termios.tcgetattr(writer)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(writer, termios.TCSANOW, attributes)
    _copy_size(like, reader)
    return reader, writer


def _copy_size(source: int, target: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8))


def _dies_with(parent: int) -> Callable[[], None]:
    """For the new process: SIGTERM when its parent ends, however that ends (prctl(2), PR_SET_PDEATHSIG)."""
    import ctypes

    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
