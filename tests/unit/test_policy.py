"""Promises of policies: presets, layers, and one clear line for a wrong value."""

import pytest

from trainyard.exits import ExitCode, TrainyardError
from trainyard.policy import Policy, PolicyTable, parse_assignments, resolve, table_from


def test_default_serves_above_90_and_refuses_below_80() -> None:
    policy = resolve()
    assert (policy.target, policy.floor, policy.direction) == (0.90, 0.80, "max")


def test_both_original_tasks_are_presets() -> None:
    assert resolve(("x", PolicyTable(preset="tweak-below-80"))).target == 0.80
    assert resolve(("x", PolicyTable(preset="serve-above-90"))).target == 0.90


def test_a_later_layer_wins_field_by_field() -> None:
    policy = resolve(
        ("host", PolicyTable(target=0.95, max_trials=3)), ("trainyard.toml", PolicyTable(target=0.7))
    )
    assert (policy.target, policy.max_trials, policy.floor) == (0.7, 3, 0.7)


@pytest.mark.parametrize("metric", ["mae", "rmse", "loss"])
def test_error_metrics_are_better_when_lower(metric: str) -> None:
    policy = resolve(("x", PolicyTable(metric=metric, target=3.0)))
    assert policy.direction == "min"
    assert policy.reaches(2.5, policy.target)
    assert not policy.reaches(3.5, policy.target)
    assert policy.better(1.0, 2.0)
    assert policy.floor == 3.0


def test_thresholds_are_reached_by_numbers_that_only_rounding_keeps_from_them() -> None:
    policy = Policy()
    assert policy.reaches(0.89999998, 0.9)
    assert policy.reaches(0.94, 0.9 + (0.92 - 0.88))
    assert not policy.reaches(899_998 / 1_000_000, 0.9)
    assert not policy.reaches(float("nan"), 0.9)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"target": 90.0}, "target"),
        ({"target": 0.8, "floor": 0.9}, "floor"),
        ({"preset": "nonsense"}, "preset"),
        ({"direction": "up"}, "direction"),
        ({"max_trials": 0}, "max_trials"),
        ({"max_minutes": 0.0}, "max_minutes"),
        ({"target": float("nan")}, "target"),
    ],
)
def test_a_wrong_value_names_its_place_and_field(fields: dict[str, object], named: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        resolve(("trainyard.toml", table_from(fields, "trainyard.toml")))
    assert caught.value.code == ExitCode.BAD_CONFIG
    assert "trainyard.toml" in caught.value.message
    assert named in caught.value.message


def test_job_parameters_read_as_assignments() -> None:
    table = parse_assignments("preset=tweak-below-80, max_trials=4", "POLICY")
    assert resolve(("POLICY", table)) == Policy(target=0.8, floor=0.8, max_trials=4)


@pytest.mark.parametrize("text", ["target", "tarket=0.9", "target=high", "max_trials=2.5"])
def test_a_wrong_assignment_is_refused(text: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        parse_assignments(text, "POLICY")
    assert caught.value.code == ExitCode.BAD_CONFIG
