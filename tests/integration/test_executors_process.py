"""The process executor with real environments, and its agreement with Docker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from trainyard import resources
from trainyard.executors.base import Executor, Limits, Status, Training
from trainyard.executors.choose import choose
from trainyard.exits import TrainyardError
from trainyard.images.venvs import environment_of

OWN_SCRIPT = resources.IMAGES / "sklearn" / "test"


@pytest.fixture
def home(tmp_path: Path, shared_venvs: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    (made / "venvs").symlink_to(shared_venvs)
    return made


@pytest.fixture
def executor(home: Path) -> Executor:
    return choose("process", home)


@pytest.fixture
def train(tmp_path: Path) -> Callable[[Executor, str], Path]:
    """Trains the sklearn image's own script to its end; the trial's folder."""

    def run(executor: Executor, image: str) -> Path:
        trial = tmp_path / f"trial-{executor.name}"
        trial.mkdir()
        name = f"test-{tmp_path.name}-{executor.name}"
        limits = Limits(memory=2**30, cpus=1)
        executor.start(Training(name=name, image=image, source=OWN_SCRIPT, trial=trial, limits=limits))
        try:
            state = executor.wait(name, 120)
            assert (state.status, state.exit_code) == (Status.EXITED, 0), b"".join(executor.logs(name))
        finally:
            executor.remove(name)
        return trial

    return run


def test_it_says_that_it_isolates_nothing(executor: Executor) -> None:
    said: list[str] = []
    executor.prepare("sklearn", None, said.append)
    assert "isolates nothing" in said[0]


def test_a_training_ends_with_its_metrics(executor: Executor, train: Callable[[Executor, str], Path]) -> None:
    metrics = json.loads(
        (train(executor, executor.prepare("sklearn", None, print)) / "metrics.json").read_text()
    )
    assert metrics["state"] == "finished"


def test_an_environment_is_made_once(executor: Executor) -> None:
    first = executor.prepare("sklearn", None, print)
    said: list[str] = []
    assert executor.prepare("sklearn", None, said.append) == first
    assert len(said) == 1


def test_an_environment_whose_making_was_killed_is_made_again(tmp_path: Path) -> None:
    executor = choose("process", tmp_path)
    reference = executor.prepare("base", None, print)
    venv, _ = environment_of(reference, tmp_path)
    (venv / ".trainyard-ready").unlink()
    (venv / "bin" / "python").unlink()
    assert executor.prepare("base", None, print) == reference
    assert (venv / "bin" / "python").exists()


def test_requirements_go_on_top_and_the_image_stays_as_it_is(executor: Executor, tmp_path: Path) -> None:
    asked = tmp_path / "requirements.txt"
    asked.write_text("numpy\nemoji==2.14.0\n")
    derived = executor.prepare("sklearn", asked, print)
    (tmp_path / "trial").mkdir()

    def probe(image: str) -> tuple[int, bytes]:
        training = Training(name="probe", image=image, source=tmp_path, trial=tmp_path / "trial")
        command = ["timeit", "-n1", "-r1", "import emoji, numpy, sklearn; print(emoji.__version__)"]
        return executor.run(training, command, 60)

    code, output = probe(derived)
    assert (code, output.splitlines()[0]) == (0, b"2.14.0")
    code, output = probe(executor.prepare("sklearn", None, print))
    assert (code, b"No module named 'emoji'" in output) == (1, True)


def test_a_failing_requirement_names_its_line(executor: Executor, tmp_path: Path) -> None:
    asked = tmp_path / "requirements.txt"
    asked.write_text("numpy\nemoji==9.9.9\n")
    with pytest.raises(TrainyardError) as caught:
        executor.prepare("sklearn", asked, print)
    assert caught.value.message == "requirements.txt line 2: no version of emoji==9.9.9 exists."


KERAS = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy
x = numpy.random.default_rng(0).normal(size=(300, 4))
y = (x[:, 0] > 0).astype("float32")
layers = keras.layers
model = keras.Sequential([layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x[:200], y[:200], epochs=2, validation_split=0.2)
print(model.evaluate(x[200:], y[200:]))
"""


def test_a_fork_of_a_warm_process_trains_as_a_fresh_one_does(executor: Executor, tmp_path: Path) -> None:
    source, fork, fresh = (tmp_path / name for name in ("source", "fork", "fresh"))
    for folder in (source, fork, fresh):
        folder.mkdir()
    (source / "train.py").write_text(KERAS)
    image = executor.prepare("keras", None, print)
    executor.start(Training(name="fork", image=image, source=source, trial=fork))
    assert executor.wait("fork", 120).exit_code == 0
    executor.remove("fork")
    training = Training(name="fresh", image=image, source=source, trial=fresh)
    assert executor.run(training, ["trainyard_harness"], 120)[0] == 0
    curves = [
        [line.rpartition(",")[0] for line in (trial / "history.csv").read_text().splitlines()]
        for trial in (fork, fresh)
    ]
    assert len(curves[0]) == 3
    assert curves[0] == curves[1]


@pytest.mark.docker
def test_both_executors_measure_the_same_numbers(
    executor: Executor, home: Path, train: Callable[[Executor, str], Path]
) -> None:
    docker = choose("docker", home)
    numbers = []
    for each in (executor, docker):
        written = json.loads((train(each, each.prepare("sklearn", None, print)) / "metrics.json").read_text())
        numbers.append([(m["name"], m["part"], m["value"]) for m in written["metrics"]])
    assert numbers[0] == numbers[1]
    assert numbers[0]
