"""The most memory that a container used, read from its control group while it is there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

_SECONDS = 0.05
"""Between two looks: a group is removed a moment after its last process has ended."""
_ROOT = Path("/sys/fs/cgroup")


class Peak:
    """Watches one container of this machine."""

    def __init__(self) -> None:
        self.bytes: int | None = None
        """None where nothing could be read: no control groups, or an engine on another machine."""

    @contextlib.contextmanager
    def watching(self, pid: int, container: str) -> Iterator[None]:
        """Looks until the block ends, or the group is gone.

        Args:
            pid: the container's first process, as the engine names it.
            container: its id, by which its group is told from a stranger's with that process id.
        """
        file = _file(pid, container)
        over = threading.Event()
        watcher = threading.Thread(target=self._look, args=(file, over), daemon=True)
        if file is not None:
            watcher.start()
        try:
            yield
        finally:
            over.set()
            if file is not None:
                watcher.join()
                os.close(file)

    def _look(self, file: int, over: threading.Event) -> None:
        with contextlib.suppress(OSError, ValueError):  # the group is gone
            while True:
                self.bytes = max(self.bytes or 0, int(os.pread(file, 32, 0)))
                if over.wait(_SECONDS):
                    return


def _file(pid: int, container: str) -> int | None:
    """The kernel's own peak (cgroups(7): version 1, version 2 since Linux 5.19), else what is used now."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if container not in path:
                continue
            version_1 = _ROOT / "memory" / path[1:] / "memory.max_usage_in_bytes"
            version_2 = (_ROOT / path[1:] / name for name in ("memory.peak", "memory.current"))
            for found in [version_1] if "memory" in kinds.split(",") else version_2 if not kinds else []:
                with contextlib.suppress(OSError):
                    return os.open(found, os.O_RDONLY)
    return None
