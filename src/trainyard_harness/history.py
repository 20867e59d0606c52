"""`history.csv`: a row per epoch, readable while the training goes on."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from trainyard_harness.files import replace_quickly


class History:
    """The epochs of all fits of one trial.

    Args:
        path: the CSV file. Its header is `fit,epoch,<metric columns>,seconds`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: list[str] = []
        self.rows: list[dict[str, Any]] = []

    def add(self, fit: int, epoch: int, values: dict[str, float], seconds: float) -> None:
        """Adds one epoch (counted from 0). New metric columns appear at the right."""
        self.rows.append({"fit": fit, "epoch": epoch, **values, "seconds": round(seconds, 4)})
        fresh = [name for name in values if name not in self._columns]
        if fresh or len(self.rows) == 1:
            self._columns += fresh
            self._write()
            return
        with self._path.open("a", newline="") as file:
            self._writer(file).writerow(self.rows[-1])

    def of(self, fit: int) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["fit"] == fit]

    def restore(self, fit: int, rows: list[dict[str, Any]]) -> None:
        """Replaces what is known of one fit by what its checkpoint knew."""
        self.rows = [row for row in self.rows if row["fit"] != fit] + rows
        for row in rows:
            self._columns += [name for name in row if name not in {"fit", "epoch", "seconds", *self._columns}]
        self._write()

    def _writer(self, file: Any) -> csv.DictWriter[str]:
        names = ["fit", "epoch", *self._columns, "seconds"]
        return csv.DictWriter(file, names, restval="", lineterminator="\n")

    def _write(self) -> None:
        text = io.StringIO()
        writer = self._writer(text)
        writer.writeheader()
        writer.writerows(self.rows)
        replace_quickly(self._path, text.getvalue().encode())
