"""Which curves are given up, and which never."""

import pytest

from trainyard_harness.moves.projection import projected


@pytest.mark.parametrize(
    ("scores", "planned", "least", "most"),
    [
        ([0.1] * 10, 30, 0.1, 0.1),  # dead
        ([0.2 + 0.01 * n for n in range(10)], 30, 0.48, 0.50),  # slow
        ([0.5, 0.6, 0.66, 0.7, 0.73, 0.75, 0.77, 0.785, 0.8, 0.81], 30, 0.95, 1.0),  # on its way
        ([0.9, 0.5, 0.4, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2], 30, 0.9, 0.9),  # it was there once
    ],
)
def test_a_curve_is_projected_in_a_straight_line(
    scores: list[float], planned: int, least: float, most: float
) -> None:
    found = projected(scores, planned)
    assert found is not None
    assert least - 1e-9 <= found <= most + 1e-9


@pytest.mark.parametrize(("epochs", "planned"), [(4, 8), (9, 30), (10, 12), (5, 5)])
def test_nothing_is_given_up_too_early_or_just_before_its_end(epochs: int, planned: int) -> None:
    assert projected([0.1] * epochs, planned) is None
