"""What the epochs of the winner's training say of how long a patched script has to train."""

from __future__ import annotations

Rows = list[dict[str, str]]
"""Rows of a `history.csv`, one per epoch."""


def watched_number(rows: Rows) -> str | None:
    """The validation number that tells the best epoch; None where there is none.

    The accuracy, or the loss where several epochs share the best accuracy: of few rows it comes in steps, on
    which training seems to stand still, and the first of equals is the least trained.
    """
    names = [name for name in (rows[0] if rows else {}) if name.startswith("val_")]
    accuracy = next((name for name in names if "acc" in name), None)
    if accuracy is None or "val_loss" not in names:
        return accuracy or ("val_loss" if "val_loss" in names else None)
    values = [_goodness(row, accuracy) for row in rows]
    return accuracy if values.count(max(values)) == 1 else "val_loss"


def best_epoch(rows: Rows, name: str) -> int:
    """The first epoch with the best `name`, counted from 1; 0 without epochs."""
    return 1 + max(range(len(rows)), key=lambda place: (_goodness(rows[place], name), -place), default=-1)


def _goodness(row: dict[str, str], name: str) -> float:
    try:
        found = float(row.get(name, ""))
    except ValueError:
        return float("-inf")
    return found if "acc" in name else -found
