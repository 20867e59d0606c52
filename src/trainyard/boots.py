"""The machine's boots, and the clock that runs from each of them whatever is done to the time of day."""

from __future__ import annotations

import time
from pathlib import Path


def boot() -> str:
    """This boot of the machine: process ids, and times since a boot, mean nothing across two."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def since_boot() -> float:
    """Seconds, those in which the machine slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
