"""What a model takes is told from the rows it was measured on, in whatever form scripts hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trainyard_harness import rows
from trainyard_harness.predict import SampleError, _fitted_to
from trainyard_harness.signature import signature

MIXED = [[3, "red", 1.5], [4, "blue", 2.5]]


@pytest.mark.parametrize(
    ("x", "shape", "dtype"),
    [
        ([[1.0, 2.0, 3.0]], [3], "float64"),
        ([[1, 2], [3, 4]], [2], "int64"),
        ([[[1], [2]], [[3], [4]]], [2, 1], "int64"),
        ([1.0, 2.0], [], "float64"),
        (["good film", "bad"], [], "str"),
        (np.array(["a", "b"]), [], "str"),
        (np.array(["a", "b"], dtype="object"), [], "object"),
        (MIXED, [3], "object"),
        ([[1, 2], [3]], None, "object"),
        (np.zeros((2, 8, 8, 1), "float32"), [8, 8, 1], "float32"),
    ],
)
def test_shape_and_dtype_are_those_of_the_rows(x: Any, shape: list[int] | None, dtype: str) -> None:
    [found] = signature(x, "classification", None, "labels")["inputs"]
    assert (found["shape"], found["dtype"]) == (shape, dtype)


@pytest.mark.parametrize(
    ("x", "samples", "taken"),
    [
        (["good", "bad"], np.array(["fine", "poor"]), ["fine", "poor"]),
        (["good", "bad"], [{"text": "fine"}, {"text": "poor"}], ["fine", "poor"]),
        (MIXED, [{"n": "7", "c": "green", "s": "2"}], [[7.0, "green", 2.0]]),
        (MIXED, np.array([[7, "green", 2]], dtype="object"), [[7.0, "green", 2.0]]),
        ([[1.0, 2.0]], np.array([3, 4]), [[3.0, 4.0]]),
        ([[1.0, 2.0]], [{"a": "3", "b": "4"}, {"a": "5", "b": "6"}], [[3.0, 4.0], [5.0, 6.0]]),
        ([1.0, 2.0, 3.0], np.array([7]), [7.0]),
    ],
)
def test_samples_from_a_file_become_what_the_model_takes(x: Any, samples: Any, taken: list[Any]) -> None:
    assert _fitted_to(samples, signature(x, "classification", None, "labels")).tolist() == taken


def test_samples_of_another_width_are_refused_with_what_is_taken() -> None:
    known = signature([[1.0, 2.0]], "classification", None, "labels")
    with pytest.raises(SampleError) as refused:
        _fitted_to(np.zeros((4, 3)), known)
    assert refused.value.hint == "The model takes samples of 2 (float64)."


def test_rows_of_numbers_text_and_nothing_are_kept_as_they_are() -> None:
    x = [[3, "red", None], [4, None, 2.5]]
    assert rows.unpacked(rows.packed(x)).tolist() == x
