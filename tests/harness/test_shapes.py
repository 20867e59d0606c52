"""Scripts in the shapes that people write run unmodified, and the gate gets an honest number from each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.conftest import Bench, Ended
from tests.harness.shapes import MATRIX, SCRIPTS, SHAPES, Shape
from trainyard.executors.base import Training
from trainyard.executors.docker import DockerExecutor


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory) -> DockerExecutor:
    return DockerExecutor(tmp_path_factory.mktemp("docker-home"))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.image}-{shape.script}")
def test_the_gate_gets_an_honest_number(shape: Shape, bench: Callable[[str], Bench]) -> None:
    place = bench(shape.image)
    source = place.folder / "source"
    source.mkdir()
    shutil.copy(SCRIPTS / shape.script, source / shape.script)
    ended = place.train(source, place.trial(job={"entry": shape.script, **shape.job}))
    holds(shape, ended)
    if shape.again:
        again = place.module("reevaluate", trial=ended.trial)
        for part in ("selection", "report"):
            number = ended.number(shape.metric, part)["value"]
            assert again[part][shape.metric] == pytest.approx(number, abs=1e-9)


@pytest.mark.docker
@pytest.mark.parametrize("shape", MATRIX, ids=lambda shape: shape.about)
def test_in_the_real_image_number_split_and_origin_are_right(
    shape: Shape, executor: DockerExecutor, tmp_path: Path
) -> None:
    source, trial = tmp_path / "source", tmp_path / "trial"
    source.mkdir()
    trial.mkdir()
    shutil.copy(SCRIPTS / shape.script, source / shape.script)
    (trial / "job.json").write_text(json.dumps({"schema": 1, "entry": shape.script}))
    trial.chmod(0o777)
    name = f"shape-{tmp_path.parent.name}-{tmp_path.name}"
    image = executor.prepare(shape.image, None, print)
    executor.start(Training(name=name, image=image, source=source, trial=trial))
    try:
        code = executor.wait(name, 300).exit_code
        out = b"".join(executor.logs(name)).decode(errors="replace")
    finally:
        executor.remove(name)
    holds(shape, Ended(-1 if code is None else code, out, trial))


def holds(shape: Shape, ended: Ended) -> None:
    """The number that the gate reads is the one, of the split and origin that the shape says."""
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
