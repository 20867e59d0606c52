"""A death is retried at once, deaths in a row ever later, and coming further starts anew."""

from __future__ import annotations

from trainyard.runs.state import Attempt
from trainyard.verbs.patience import deaths, due, pause


def attempts(*ends: tuple[str, int]) -> list[Attempt]:
    at = "2026-01-01T00:00:00.000Z"
    return [Attempt(name="a", started=at, ended=at, status=status, epochs=epochs) for status, epochs in ends]


ENDED = 1767225600.0


def test_deaths_count_in_a_row_until_an_epoch_is_finished() -> None:
    assert deaths(attempts(("died", 0))) == 1
    assert deaths(attempts(("died", 0), ("died", 0), ("died", 0))) == 3
    assert deaths(attempts(("died", 3), ("died", 3), ("died", 9))) == 1
    assert deaths(attempts(("died", 1), ("died", 2), ("died", 3), ("died", 4), ("died", 5), ("died", 6))) == 1
    assert deaths(attempts(("died", 4), ("exited", 0), ("died", 4))) == 1


def test_the_first_death_is_retried_at_once_and_later_ones_ever_later() -> None:
    pauses = [pause(attempts(*[("died", 0)] * times), 10.0) for times in (1, 2, 3, 4)]
    assert pauses == [0.0, 10.0, 20.0, 40.0]


def test_what_has_passed_since_the_death_counts_and_a_clock_set_back_does_not_wait_for_ever() -> None:
    twice = attempts(("died", 0), ("died", 0))
    assert due(twice, 10.0, ENDED + 4) == 6.0
    assert due(twice, 10.0, ENDED + 3600) == 0.0
    assert due(twice, 10.0, ENDED - 86400) == 10.0
