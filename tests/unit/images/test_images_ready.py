"""`trainyard images build`: what it does, what it leaves alone, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.executors.base import Limits, Training
from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.ready import Ready, ready


class Engine:
    """An executor whose images are there, and train or do not."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.trained: list[Training] = []

    def has(self, image: str) -> bool:
        return True

    def prepare(self, image: str, requirements: None, say: object) -> str:
        return f"trainyard/{image}:0123456789ab"

    def run(self, training: Training, command: list[str], timeout: float) -> tuple[int, bytes]:
        assert (training.source / "train.py").is_file() and training.trial.is_dir()
        self.trained.append(training)
        return self.code, b"ImportError: no such library"


def have(engine: Engine, home: Path, *, smoke: bool = True) -> Ready:
    return ready(engine, "sklearn", home=home, limits=Limits(), smoke=smoke, say=lambda line: None)  # type: ignore[arg-type]


def test_an_image_that_has_passed_its_test_is_not_tried_again(tmp_path: Path) -> None:
    engine = Engine()
    assert not have(engine, tmp_path, smoke=False).trained
    assert have(engine, tmp_path).trained
    assert not have(engine, tmp_path).trained
    assert len(engine.trained) == 1 and not engine.trained[0].source.exists()


def test_an_image_that_does_not_train_is_said_and_tried_again(tmp_path: Path) -> None:
    with pytest.raises(TrainyardError) as failed:
        have(Engine(code=1), tmp_path)
    assert failed.value.code == ExitCode.IMAGE_BUILD_FAILED
    assert "sklearn:0123456789ab" in failed.value.message
    assert (tmp_path / "logs" / "image-sklearn-test.log").read_bytes() == b"ImportError: no such library"
    assert have(Engine(), tmp_path).trained
