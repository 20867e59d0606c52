"""Real trainings under the harness, each in its own process, with the interpreters of the images' pins."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trainyard.images.venvs import prepare

collect_ignore = ["scripts"]
HARNESS = Path(__file__).resolve().parents[2] / "src"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.training)


@dataclass(frozen=True)
class Ended:
    """What a training left behind."""

    code: int
    out: str
    trial: Path

    @property
    def metrics(self) -> dict[str, Any]:
        return json.loads((self.trial / "metrics.json").read_text())

    @property
    def architecture(self) -> dict[str, Any]:
        return json.loads((self.trial / "architecture.json").read_text())

    @property
    def history(self) -> list[dict[str, str]]:
        with (self.trial / "history.csv").open() as file:
            return list(csv.DictReader(file))

    @property
    def notes(self) -> str:
        return "\n".join(self.metrics["notes"])

    def number(self, name: str, part: str = "report") -> dict[str, Any]:
        """The number that counts: the last of this name and part that is not of training data."""
        found = [
            one
            for one in self.metrics["metrics"]
            if one["name"] == name and one["part"] == part and one["split"] not in {"train", "unknown"}
        ]
        assert found, f"no {name} ({part}) in {self.metrics}\n{self.out[-3000:]}"
        return found[-1]

    def gate(self, name: str = "accuracy") -> tuple[str, str]:
        """Split and origin of the number that the gate reads."""
        one = self.number(name)
        return one["split"], one["origin"]

    def clean(self) -> None:
        """Nothing of the harness failed."""
        assert "Harness fault" not in self.notes, self.notes


@dataclass(frozen=True)
class Bench:
    """Runs trainings with one interpreter in one folder."""

    python: str
    folder: Path

    def environment(self, source: Path, trial: Path, parent: Path | None = None) -> dict[str, str]:
        found = {
            **os.environ,
            "PYTHONPATH": str(HARNESS),
            "PYTHONHASHSEED": "0",
            "TRAINYARD_SOURCE": str(source),
            "TRAINYARD_TRIAL": str(trial),
            "TRAINYARD_PARENT": str(parent) if parent else "",
        }
        return found

    def source(self, text: str, name: str = "train.py", **files: str) -> Path:
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        for file, content in {name: text, **files}.items():
            (source / file).write_text(textwrap.dedent(content))
        return source

    def trial(self, name: str = "trial", **files: Any) -> Path:
        """A trial's folder with JSON files in it (`job={...}`, `spec={...}`)."""
        trial = self.folder / name
        trial.mkdir(exist_ok=True)
        for file, content in files.items():
            (trial / f"{file}.json").write_text(json.dumps({"schema": 1, **content}))
        return trial

    def start(self, source: Path, trial: Path, parent: Path | None = None) -> subprocess.Popen[bytes]:
        with (trial / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [self.python, "-m", "trainyard_harness"],
                env=self.environment(source, trial, parent),
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def train(self, source: Path | str, trial: Path | None = None, parent: Path | None = None) -> Ended:
        if isinstance(source, str):
            source = self.source(source)
        trial = trial or self.trial()
        code = self.start(source, trial, parent).wait(600)
        return Ended(code, (trial / "log.txt").read_text(errors="replace"), trial)

    def killed(self, source: Path, trial: Path, after: float, number: int = signal.SIGKILL) -> int | None:
        """Starts a training, sends it a signal `after` seconds; its exit code, None where it was killed."""
        process = self.start(source, trial)
        try:
            return process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            code = process.wait(120)
            return None if number == signal.SIGKILL else code

    def module(self, name: str, *arguments: str, trial: Path) -> Any:
        """The JSON that `python -m trainyard_harness.<name>` prints last."""
        done = subprocess.run(
            [self.python, "-m", f"trainyard_harness.{name}", *arguments],
            env=self.environment(self.folder, trial),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.stdout.strip(), done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def interpreter(shared_venvs: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """`interpreter("keras")`: the Python of that image's environment, made if it is not there."""
    home = tmp_path_factory.mktemp("home")
    (home / "venvs").symlink_to(shared_venvs)

    def find(image: str) -> str:
        return str(prepare(image, None, home=home, say=print, log=None) / "bin" / "python")

    return find


@pytest.fixture
def bench(interpreter: Callable[[str], str], tmp_path: Path) -> Callable[[str], Bench]:
    return lambda image: Bench(interpreter(image), tmp_path)


@pytest.fixture
def keras(bench: Callable[[str], Bench]) -> Bench:
    return bench("keras")


@pytest.fixture
def sklearn(bench: Callable[[str], Bench]) -> Bench:
    return bench("sklearn")


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    """Waits until `what()` holds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
