"""Rows are recognised wherever they turn up again."""

from __future__ import annotations

import numpy as np
import pytest

from trainyard_harness.data import count, fingerprint, joined, take
from trainyard_harness.rows import packed, unpacked
from trainyard_harness.seen import Samples
from trainyard_harness.streams import Collector, chosen

X = np.random.default_rng(0).normal(size=(200, 30))


def test_equal_samples_have_equal_prints_whatever_type_they_were_cast_to() -> None:
    whole = np.arange(60).reshape(20, 3)
    prints = {fingerprint(whole.astype(kind)).digest for kind in ("int64", "float32", "float64", "uint8")}
    assert len(prints) == 1
    assert fingerprint(whole.tolist()).digest in prints


def test_a_subset_is_recognised_in_the_whole_and_strangers_are_not() -> None:
    whole = fingerprint(X)
    assert fingerprint(X[50:90]).shared_with(whole) == 1.0
    assert fingerprint(X + 1e-9).shared_with(whole) == 0.0
    assert fingerprint(X[::-1]).digest != whole.digest


def test_images_that_differ_in_one_corner_only_are_different_rows() -> None:
    images = np.zeros((10, 28, 28), dtype="uint8")
    images[np.arange(10), 0, 0] = np.arange(10)
    assert fingerprint(images).repeated() == 0.0


def test_rows_of_coarse_features_know_their_chance_of_a_twin() -> None:
    coarse = np.random.default_rng(0).integers(0, 2, size=(500, 3))
    assert fingerprint(coarse).repeated() == 1.0
    assert fingerprint(X).repeated() == 0.0


def test_text_lists_and_dicts_have_rows_too() -> None:
    assert fingerprint(["a", "b"]).digest == fingerprint(np.array(["a", "b"], dtype=object)).digest
    pair = [X, X[:, :2]]
    assert count(pair) == 200
    assert fingerprint({"a": X, "b": X[:, :2]}).n == 200
    assert fingerprint(iter([1])) is None
    assert count("text") is None


def test_taking_and_joining_keep_the_type() -> None:
    index = np.array([0, 2])
    assert take([10, 11, 12], index) == [10, 12]
    assert take({"a": X}, index)["a"].shape == (2, 30)
    first, second = take([X, X[:, 0]], index)
    assert first.shape == (2, 30) and second.shape == (2,)
    assert joined([X, X], [X, X])[1].shape == (400, 30)


@pytest.mark.parametrize("x", [X, [X, X[:, :2]], {"a": X}, np.array(["one", "two"])])
def test_rows_survive_a_file(x: object, tmp_path: object) -> None:
    again = unpacked(packed(x))
    assert fingerprint(again).digest == fingerprint(x).digest


def test_objects_are_never_stored() -> None:
    with pytest.raises(ValueError, match="neither numbers nor text"):
        packed(np.array([object()], dtype=object))


def test_rows_of_a_stream_are_held_out_by_what_they_contain() -> None:
    held = chosen(fingerprint(X), 0.3, 0)
    assert 0.15 < held.mean() < 0.45
    order = np.random.default_rng(1).permutation(200)
    assert (chosen(fingerprint(X[order]), 0.3, 0) == held[order]).all()
    assert (chosen(fingerprint(X), 0.3, 1) != held).any()


def test_each_held_out_row_is_collected_once_and_never_passed_on() -> None:
    collector = Collector(Samples(None, None, "held-out", "harness"), 0.3, 0)
    y = np.arange(200)
    passed = []
    for _epoch in range(3):
        for start in range(0, 200, 32):
            kept = collector.divide((X[start : start + 32], y[start : start + 32]))
            passed += kept[1].tolist()
    held = collector.samples.y.tolist()
    assert len(held) == len(set(held))
    assert sorted(set(passed) | set(held)) == list(range(200))
    assert not set(passed) & set(held)
