"""The steps before a model are found by content; what is not sure is not applied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trainyard_harness.data import fingerprint
from trainyard_harness.own_code import definitions
from trainyard_harness.preparation import Step, division_of, divisors, padded, step_of, steps_before
from trainyard_harness.prepared import Words

RAW = np.random.default_rng(0).normal(size=(60, 6))


class Shift:
    def __init__(self, by: float) -> None:
        self.by = by

    def transform(self, x: Any) -> Any:
        return x * 3 + self.by


def step(owner: Shift, given: Any) -> Step:
    made = step_of("transform", owner, given, owner.transform(given), "train.py:3")
    assert made is not None
    return made


def names(rows: Any, steps: list[Step]) -> list[float] | None:
    prints = fingerprint(rows)
    assert prints is not None
    found = steps_before([prints], 6, steps)
    return None if found is None else [one.owner.by for one in found]


@pytest.mark.parametrize(
    "on_its_way",
    [
        lambda rows: rows[10:30],
        lambda rows: rows[::-1].astype("float32"),
        lambda rows: rows.reshape(-1, 2, 3, 1)[[4, 7]],
        lambda rows: np.concatenate([rows[40:], rows[:5]]).copy(),
    ],
)
def test_steps_are_found_through_splits_casts_and_new_shapes(on_its_way: Any) -> None:
    first, second = step(Shift(1), RAW), step(Shift(2), Shift(1).transform(RAW))
    other = step(Shift(5), RAW + 1)
    assert names(on_its_way(Shift(2).transform(Shift(1).transform(RAW))), [first, other, second]) == [1, 2]


def test_rows_that_no_step_made_have_none_before_them() -> None:
    assert names(RAW, [step(Shift(1), RAW)]) == []


def test_a_step_that_was_fitted_again_is_not_sure() -> None:
    shift = Shift(1)
    steps, rows = [step(shift, RAW)], shift.transform(RAW)
    shift.by = 9
    assert names(rows, steps) is None


@pytest.mark.parametrize(
    ("code", "divisor"),
    [("x /= 255.", 255.0), ("x = x / 16", 16.0), ("x = x * (1. / 255)", 255.0), ("G(rescale=1/255)", 255.0)],
)
def test_a_division_is_found_where_it_makes_whole_numbers(code: str, divisor: float, tmp_path: Any) -> None:
    (tmp_path / "train.py").write_text(f"import numpy\n{code}\n")
    known = divisors(tmp_path, "train.py")
    assert known == [(divisor, "train.py:2")]
    whole = np.arange(int(divisor)).reshape(-1, 1)
    found = division_of((whole / divisor).astype("float32"), known)
    assert found is not None and found.given.tolist() == whole.tolist()
    assert division_of(whole, known) is None
    assert division_of(RAW / divisor, known) is None


def test_texts_become_what_keras_makes_of_them() -> None:
    config = {
        "word_index": '{"?": 1, "a": 2, "film": 3, "bad": 4}', "num_words": 4, "oov_token": "?",
        "lower": True, "split": " ", "filters": "!,.", "char_level": False,
    }  # fmt: skip
    assert Words({"config": config}).texts_to_sequences(["A film!", "bad,Film new"]) == [[2, 3], [1, 3, 1]]
    assert padded([[1, 2, 3], [4], []], 2).tolist() == [[2, 3], [0, 4], [0, 0]]
    assert padded([[1, 2, 3], [4]], 2, padding="post", truncating="post").tolist() == [[1, 2], [4, 0]]


def test_definitions_are_kept_and_nothing_that_trains() -> None:
    code = """
import keras
try:
    import fast
except ImportError:
    import slow as fast
layers = keras.layers
SIZE = int("3")
rows = load(SIZE)
class Net:
    width = SIZE
def go():
    return fast, layers
if __name__ == "__main__":
    go()
model = Net().fit(rows)
"""
    kept = definitions(code, {"SIZE": 3, "rows": object(), "layers": object()})
    assert "SIZE = 3" in kept and "class Net" in kept and "def go" in kept and "layers = keras.layers" in kept
    assert "fit" not in kept and "load" not in kept and "__name__" not in kept
