"""The pinned wheels of an image, fetched by this host's own pip with all of its settings.

A build then needs no index: no credential, proxy or CA bundle of the host ever comes near it, and a mirror, a
folder of wheels or an air-gapped site is whatever `pip config` says.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

_PYTHON = "311"
_NEWEST_GLIBC = 36
"""Debian 12's, on which the default base image stands."""


def download(lock: Path, into: Path, log: Path) -> bool:
    """Fetches the wheels of `lock`; False (and why in `log`) where this host's pip cannot."""
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_NEWEST_GLIBC, 4, -1)]
    tags += [f"{old}_{machine}" for old in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", _PYTHON, "--implementation", "cp"]
    command += ["--abi", f"cp{_PYTHON}", "--dest", str(into), "--requirement", str(lock)]
    for tag in tags:
        command += ["--platform", tag]
    with log.open("ab") as output:
        return any(
            subprocess.run(
                [*command, *index], stdout=output, stderr=subprocess.STDOUT, check=False
            ).returncode
            == 0
            for index in indexes(lock)
        )


def indexes(lock: Path) -> list[list[str]]:
    """pip's options to try in turn: what this host is set up with, then the index that the lock names."""
    named = re.findall(r"^# index: (\S+)$", lock.read_text(), re.MULTILINE)
    return [[], *([["--extra-index-url", named[0]]] if named else [])]
