"""`metrics.json`: what is known of this trial so far, written whenever it changes enough to matter."""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path
from typing import Any

from trainyard_harness.files import dump, read_json, replace_quickly, write_atomic
from trainyard_harness.mistakes import Mistake
from trainyard_harness.numbers import direction, wilson

PROPORTIONS = ("accuracy",)
"""Numbers that count right answers, so that Wilson's interval holds."""
QUIET = 1.0
"""Seconds between two writes of mere progress."""
spent_before = 0.0
"""CPU seconds that another process has spent for this training (`warm`)."""


class Record:
    """One trial's metrics.json. Numbers are added with where they come from; notes are said once.

    Args:
        path: the file. What an earlier attempt of the same trial left in it is counted in (its CPU time).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        before = read_json(path) or {}
        self._cpu_before = float(before.get("cpu_seconds") or 0.0) + spent_before
        self._wall_before = float(before.get("wall_seconds") or 0.0)
        self._began = time.monotonic()
        self._written = 0.0
        self.state = "running"
        self.metrics: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.fields: dict[str, Any] = {}

    def add(
        self,
        name: str,
        value: float,
        *,
        split: str,
        origin: str,
        place: str | None = None,
        part: str = "all",
        n: int | None = None,
    ) -> None:
        """Adds one number; the same number of the same origin and place replaces its earlier value."""
        value = float(value)
        if not math.isfinite(value):
            self.note(f"{name} on {split} data is not finite ({origin}).")
            return
        interval = None
        if n and name in PROPORTIONS and 0 <= value <= 1:
            interval = wilson(value * n, n)
        found = {
            "name": name,
            "value": value,
            "split": split,
            "origin": origin,
            "place": place,
            "part": part,
            "n": n,
            "direction": direction(name),
            "interval": interval,
        }
        same = ("name", "split", "origin", "place", "part")
        self.metrics = [one for one in self.metrics if any(one[key] != found[key] for key in same)]
        self.metrics.append(found)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def set(self, **fields: Any) -> None:
        """Sets other fields of metrics.json (`error`, `holdout`, `data`, `epochs_done`, ...)."""
        self.fields.update(fields)

    def mistaken(self, found: list[Mistake]) -> None:
        """Says mistakes at once, as a training may be long, and adds them to those that are known."""
        self.set(mistakes=[*self.fields.get("mistakes", []), *(vars(one) for one in found)])
        if found:
            self.write()
        for one in found:
            print(f"trainyard: {one.sentence}", file=sys.stderr, flush=True)

    def progress(self) -> None:
        """Writes the file unless it was written just now."""
        if time.monotonic() - self._written >= QUIET:
            self._written = time.monotonic()
            replace_quickly(self._path, dump(self.content()))

    def write(self) -> None:
        self._written = time.monotonic()
        write_atomic(self._path, dump(self.content()))

    def content(self) -> dict[str, Any]:
        times = os.times()
        spent = times.user + times.system + times.children_user + times.children_system
        return {
            "schema": 1,
            "state": self.state,
            "metrics": self.metrics,
            "error": None,
            "holdout": None,
            "data": None,
            "epochs_done": 0,
            "epochs_planned": None,
            "resumed_from_epoch": None,
            "cpu_seconds": round(self._cpu_before + spent, 3),
            "wall_seconds": round(self._wall_before + time.monotonic() - self._began, 3),
            "framework": "",
            "parameters": None,
            "notes": self.notes,
            "model": None,
            "inherited": False,
            **self.fields,
        }
