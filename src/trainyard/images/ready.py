"""Has an image of the catalogue ready before a push needs it: built, and tried once with its own test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trainyard.executors.base import Limits, Training
from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.image import image

if TYPE_CHECKING:
    from trainyard.executors.docker import DockerExecutor

_SMOKE_SECONDS = 600


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """An image that can be trained in, and what had to be done for it."""

    name: str
    tag: str
    built: bool
    trained: bool
    """Whether its test was run now; not where this very image has passed it before."""


def ready(
    executor: DockerExecutor,
    name: str,
    *,
    home: Path,
    limits: Limits,
    smoke: bool,
    say: Callable[[str], None],
) -> Ready:
    """Makes sure of the image `name` and its parents; with `smoke` trains in it once per tag.

    Raises:
        TrainyardError: IMAGE_BUILD_FAILED, also where it is there and does not train; UNSUPPORTED for an
            unknown name.
    """
    known = executor.has(name)
    tag = executor.prepare(name, None, say)
    passed = home / "tried-images" / tag.replace("/", "_").replace(":", "_")
    trains = smoke and not passed.exists()
    if trains:
        _train(executor, name, tag, home, limits)
        passed.parent.mkdir(parents=True, exist_ok=True)
        passed.touch()
        say(f"image {tag} has trained.")
    return Ready(name=name, tag=tag, built=not known, trained=trains)


def _train(executor: DockerExecutor, name: str, tag: str, home: Path, limits: Limits) -> None:
    """Runs the image's `test/train.py` as a training of this host would run."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="try-image-", dir=home) as temporary:
        source, trial = Path(temporary, "source"), Path(temporary, "trial")
        shutil.copytree(image(name).folder / "test", source)
        trial.mkdir()
        for folder in (Path(temporary), source, trial):
            folder.chmod(0o755)
        training = Training(name=f"try-{name}", image=tag, source=source, trial=trial, limits=limits)
        code, output = executor.run(training, ["trainyard_harness"], _SMOKE_SECONDS)
    if code != 0:
        log = home / "logs" / f"image-{name}-test.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(output)
        raise TrainyardError(
            ExitCode.IMAGE_BUILD_FAILED,
            f"The image {tag} is there, but its own test ended with {code} in it.",
            f"What it printed is in {log}; `trainyard_limits` may be too tight for it.",
        )
