"""The gate's rule, as a table: which number counts, and what it decides."""

from typing import Any

import pytest

from trainyard import gate
from trainyard.gate import Reading
from trainyard.policy import Policy
from trainyard.runs.files import Metric, Outcome, Part, Split


def metric(
    value: float, split: str = "test", *, name: str = "accuracy", part: str = "all", **rest: Any
) -> Metric:
    return Metric(name=name, value=value, split=Split(split), part=Part(part), origin="x", **rest)


TABLE = [
    # captured numbers, wanted metric, the gate's value (None: nothing may be gated)
    ([metric(0.99, "train")], "auto", None),
    ([metric(0.99, "unknown")], "auto", None),
    ([metric(0.99, "train"), metric(0.7, "validation")], "auto", 0.7),
    ([metric(0.7, "validation"), metric(0.6, "test")], "auto", 0.6),
    ([metric(0.7, "validation"), metric(0.65, "held-out")], "auto", 0.65),
    ([metric(0.6, "test"), metric(0.9, "validation")], "auto", 0.6),
    ([metric(0.6, "test"), metric(0.8, "test")], "auto", 0.8),
    ([metric(0.4, name="loss"), metric(0.7, name="val_acc", split="validation")], "auto", 0.7),
    ([metric(0.9, name="r2_score")], "auto", 0.9),
    ([metric(0.9, name="r2"), metric(0.5)], "auto", 0.5),
    ([metric(0.9, name="r2"), metric(0.5)], "r2", 0.9),
    ([metric(3.5, name="mean_absolute_error")], "mae", 3.5),
    ([metric(3.5, name="mae")], "auto", None),
    ([], "auto", None),
]


@pytest.mark.parametrize(("captured", "wanted", "expected"), TABLE)
def test_which_number_counts(captured: list[Metric], wanted: str, expected: float | None) -> None:
    reading = gate.read(captured, wanted, baseline=True)
    assert (reading.gate.value if reading else None) == expected


PARTS = [metric(0.80), metric(0.82, part="selection"), metric(0.78, part="report")]


def test_trial_0_is_read_on_all_held_out_data_and_later_trials_on_the_report_part() -> None:
    first, later = gate.read(PARTS, "auto", baseline=True), gate.read(PARTS, "auto", baseline=False)
    assert first and later
    assert (first.gate.value, first.selection.value) == (0.80, 0.82)
    assert (later.gate.value, later.selection.value) == (0.78, 0.82)


def reading(selection: float, report: float) -> Reading:
    return Reading(metric(selection, part="selection"), metric(report, part="report"))


def test_a_trial_below_target_on_the_selection_part_is_not_saved_by_a_lucky_report_part() -> None:
    assert not gate.looks(reading(0.85, 0.95), Policy())
    assert gate.looks(reading(0.90, 0.80), Policy())


def test_a_failed_look_raises_what_the_next_one_needs_by_the_gap_that_it_showed() -> None:
    failed = [reading(0.92, 0.89), reading(0.94, 0.90)]
    assert gate.bar(failed, Policy()) == pytest.approx(0.94)
    assert not gate.looks(reading(0.935, 0.99), Policy(), failed)
    assert gate.bar([reading(0.99, 0.5)], Policy()) == pytest.approx(0.95)  # and stays in reach
    assert gate.bar([reading(2.0, 2.5)], Policy(target=2.0, metric="mae", direction="min")) == 1.5


def test_the_best_trial_is_chosen_by_selection_and_never_by_the_report_part() -> None:
    trials = [
        (0, reading(0.70, 0.70), False),
        (1, reading(0.85, 0.80), False),
        (2, reading(0.84, 0.91), False),
    ]
    assert gate.best(trials, Policy()) == 1


def test_the_baseline_stays_best_where_every_tweak_is_worse() -> None:
    assert gate.best([(0, reading(0.8, 0.8), False), (1, reading(0.7, 0.7), False)], Policy()) == 0


def test_a_trial_found_at_target_goes_before_a_better_one_that_was_not() -> None:
    assert gate.best([(1, reading(0.91, 0.91), True), (2, reading(0.95, 0.85), False)], Policy()) == 1


def test_lower_is_better_where_the_policy_says_so() -> None:
    policy = Policy(target=2.0, floor=4.0, metric="mae", direction="min")
    assert gate.best([(0, reading(5.0, 5.0), False), (1, reading(3.0, 3.0), False)], policy) == 1
    assert gate.outcome(1.9, policy) == Outcome.PROMOTED
    assert gate.outcome(3.0, policy) == Outcome.CANDIDATE
    assert gate.outcome(4.5, policy) == Outcome.REFUSED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.90, Outcome.PROMOTED),
        (0.8999, Outcome.CANDIDATE),
        (0.80, Outcome.CANDIDATE),
        (0.79, Outcome.REFUSED),
    ],
)
def test_thresholds_include_their_own_value(value: float, expected: Outcome) -> None:
    assert gate.outcome(value, Policy()) == expected
