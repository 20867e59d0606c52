from __future__ import annotations

import pytest

from trainyard.patch.epochs import best_epoch, watched_number
from trainyard.runs.history import longest_fit


def rows(fit: str = "0", **columns: list[float]) -> list[dict[str, str]]:
    return [
        {"fit": fit, **dict(zip(columns, map(str, values), strict=True))}
        for values in zip(*columns.values(), strict=True)
    ]


@pytest.mark.parametrize(
    ("columns", "watched", "best"),
    [
        ({"accuracy": [0.5, 0.9]}, None, 0),
        ({"val_loss": [0.5, 0.2, 0.3]}, "val_loss", 2),
        ({"val_accuracy": [0.5, 0.9, 0.9]}, "val_accuracy", 2),
        ({"val_accuracy": [0.5, 0.9, 0.8], "val_loss": [0.5, 0.4, 0.3]}, "val_accuracy", 2),
        ({"val_accuracy": [0.5, 0.9, 0.9], "val_loss": [0.5, 0.4, 0.3]}, "val_loss", 3),
        ({"val_top_accuracy": [0.1, 0.2], "val_loss": [1, 2]}, "val_top_accuracy", 2),
    ],
)  # fmt: skip
def test_the_accuracy_tells_the_best_epoch_unless_several_share_it(
    columns: dict[str, list[float]], watched: str | None, best: int
) -> None:
    found = rows(**columns)
    assert watched_number(found) == watched
    assert (best_epoch(found, watched) if watched else 0) == best


def test_numbers_that_are_none_are_the_worst() -> None:
    assert best_epoch([{"val_loss": ""}, {"val_loss": "0.4"}, {"val_loss": "x"}], "val_loss") == 2
    assert (watched_number([]), best_epoch([], "val_loss"), longest_fit([])) == (None, 0, [])


def test_the_longest_fit_counts_and_the_last_of_equals() -> None:
    first, second, third = (rows(fit, loss=[1.0] * n) for fit, n in (("0", 2), ("1", 3), ("2", 3)))
    assert longest_fit(first + second + third) == third
