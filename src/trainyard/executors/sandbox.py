"""The flags every container of pushed code gets. Pure: limits in, arguments of the Docker SDK out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from trainyard.executors.base import Limits
from trainyard.executors.environment import host_ca

TRAINER = 1000
"""The user inside the container where Trainyard itself runs as root."""

CA_INSIDE = "/run/trainyard/ca.crt"


def user() -> tuple[int, int]:
    """User and group inside the container: never root, and the caller where that isn't root."""
    return (os.getuid(), os.getgid()) if os.getuid() != 0 else (TRAINER, TRAINER)


def host_config(
    limits: Limits, *, read_only: dict[str, Path], writable: dict[str, Path], build: bool
) -> dict[str, Any]:
    """Arguments for `APIClient.create_host_config`.

    Args:
        limits: what it may use.
        read_only: host folders or files by their path inside; no Docker socket is ever among them.
        writable: the same, writable.
        build: a package's own build may run programs from `/tmp`; a training may not.
    """
    if limits.network != "none" and (ca := host_ca()):
        read_only = read_only | {CA_INSIDE: Path(ca)}
    scratch = min(limits.memory // 2, 2 * 2**30)
    return {
        "binds": None,
        "mounts": [_bind(path, inside, True) for inside, path in read_only.items()]
        + [_bind(path, inside, False) for inside, path in writable.items()],
        "read_only": True,
        "tmpfs": {"/tmp": f"rw,nosuid,nodev,{'exec' if build else 'noexec'},size={scratch},mode=1777"},  # noqa: S108
        "shm_size": min(limits.memory // 4, 2**30),
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "nano_cpus": int(min(limits.cpus, os.cpu_count() or 1) * 1e9),
        "pids_limit": limits.pids,
        "network_mode": "bridge" if limits.network == "full" else "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "init": True,
        "log_config": {"Type": "json-file", "Config": {"max-size": "32m", "max-file": "2"}},
        "ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            # no single file above the quota, not even between two looks at the folder
            {"Name": "fsize", "Soft": limits.disk, "Hard": limits.disk},
        ],
    }


def _bind(path: Path, inside: str, read_only: bool) -> dict[str, Any]:
    # A mount, not a `path:inside:ro` string: a colon in a path cannot change what is mounted where.
    return {"Type": "bind", "Source": str(path.resolve()), "Target": inside, "ReadOnly": read_only}
