"""Scripts in the shapes that people write run unmodified, and the gate gets an honest number from each."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.harness.conftest import Bench
from tests.harness.shapes import SCRIPTS, SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.script)
def test_the_gate_gets_an_honest_number(shape: Shape, bench: Callable[[str], Bench]) -> None:
    place = bench(shape.image)
    source = place.folder / "source"
    source.mkdir()
    shutil.copy(SCRIPTS / shape.script, source / shape.script)
    trial = place.trial(job={"entry": shape.script, **shape.job})
    ended = place.train(source, trial)
    assert ended.code == 0, ended.out[-3000:]
    ended.clean()
    assert ended.metrics["state"] == "finished"
    for part in ("selection", "report"):
        number = ended.number(shape.metric, part)
        low, high = shape.between
        assert low <= number["value"] <= high
    assert ended.gate(shape.metric) == (shape.split, shape.origin)
    assert (ended.metrics["holdout"] or {"by": ""})["by"] == shape.by
    assert shape.note in ended.notes
    if shape.again:
        again = place.module("reevaluate", trial=trial)
        for part in ("selection", "report"):
            assert again[part][shape.metric] == pytest.approx(
                ended.number(shape.metric, part)["value"], abs=1e-9
            )
