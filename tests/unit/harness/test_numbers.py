"""Metrics, intervals and splits, against values worked out elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard_harness import numbers
from trainyard_harness.holdout import classes_of, halves, split


def test_wilson_agrees_with_published_values() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3: 81/263 and 0/20.
    assert numbers.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert numbers.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert numbers.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", "min"), ("val_loss", "min"), ("mae", "min"), ("rmse", "min"), ("log_loss", "min"),
        ("sparse_categorical_crossentropy", "min"), ("mean_squared_error", "min"),
        ("accuracy", "max"), ("f1", "max"), ("auc", "max"), ("r2", "max"), ("neg_mean_squared_error", "max"),
    ],
)  # fmt: skip
def test_what_should_be_small_is_known(name: str, expected: str) -> None:
    assert numbers.direction(name) == expected


def test_classification_of_two_classes() -> None:
    truth, scores = np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.6, 0.9, 0.4])
    found = numbers.classification(truth, (scores > 0.5).astype(int), scores)
    assert found["accuracy"] == pytest.approx(0.6)
    assert found["f1"] == pytest.approx(2 * 2 / (3 + 3))
    # pairs: (0.1 < all three) 3, (0.6 against 0.6, 0.9, 0.4) 0.5 + 1 + 0
    assert found["auc"] == pytest.approx(4.5 / 6)


def test_multi_label_rows_count_by_their_share_of_right_labels() -> None:
    truth = np.array([[1, 0, 1], [0, 0, 1]])
    predicted = np.array([[1, 0, 1], [0, 1, 1]])
    assert numbers.classification(truth, predicted)["accuracy"] == pytest.approx(5 / 6)


def test_regression() -> None:
    found = numbers.regression(np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [5.0]]))
    assert found == pytest.approx({"mae": 2 / 3, "mse": 4 / 3, "rmse": (4 / 3) ** 0.5, "r2": -1.0})
    assert "r2" not in numbers.regression(np.array([1.0, 1.0]), np.array([1.0, 2.0]))


@given(n=st.integers(2, 300), share=st.floats(0.01, 0.9), seed=st.integers(0, 99), ordered=st.booleans())
def test_a_split_is_a_partition_and_depends_on_the_seed_alone(
    n: int, share: float, seed: int, ordered: bool
) -> None:
    kept, held, _ = split(n, share, seed, None, ordered)
    assert sorted([*kept, *held]) == list(range(n))
    assert len(held) == min(n - 1, max(1, round(n * share)))
    again = split(n, share, seed, None, ordered)
    assert (again[0] == kept).all() and (again[1] == held).all()
    if ordered:
        assert kept.max() < held.min()


@given(counts=st.lists(st.integers(8, 60), min_size=2, max_size=6), seed=st.integers(0, 50))
def test_a_stratified_split_keeps_every_class_in_proportion(counts: list[int], seed: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    _kept, held, stratified = split(len(y), 0.25, seed, y)
    assert stratified
    for label, count in enumerate(counts):
        assert abs((y[held] == label).sum() - count * 0.25) <= 1.5


def test_halves_are_the_same_in_every_trial() -> None:
    y = np.array([0, 1] * 50)
    first, second, stratified = halves(100, 3, y)
    assert stratified and len(first) == len(second) == 50
    assert y[first].sum() == y[second].sum() == 25
    assert (halves(100, 3, y.copy())[0] == first).all()
    assert not np.intersect1d(first, second).size
    assert len(halves(1, 0)[0]) == len(halves(1, 0)[1]) == 1


def test_what_is_a_label_is_told_from_what_is_a_number() -> None:
    assert classes_of(np.array([0.5, 1.2, 3.4])) is None
    assert classes_of(np.arange(100.0)) is None
    assert classes_of(np.array([1.0, 0.0, 1.0])).tolist() == [1, 0, 1]
    assert classes_of(np.array([[0], [1]])).tolist() == [0, 1]
    assert classes_of(np.eye(3)[[2, 0, 1]]).tolist() == [2, 0, 1]
    assert classes_of(np.array(["b", "a", "b"])).tolist() == [1, 0, 1]
    assert classes_of(np.array([[0.2, 0.8], [0.5, 0.5]])) is None
