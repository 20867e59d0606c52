"""Building the catalogue's images with BuildKit, parents first, each once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard import resources
from trainyard.exits import ExitCode, TrainyardError
from trainyard.images import wheels
from trainyard.images.content import base_image, build_files, image_tag, packages_tag, with_harness
from trainyard.images.image import Image, image

if TYPE_CHECKING:
    from docker import APIClient

Say = Callable[[str], None]

LOCAL_BASES = ("trainyard/debian:bookworm", "debian:bookworm")
"""What serves as base where no registry answers; scripts/base-image makes the first."""


def build(api: APIClient, name: str, *, home: Path, say: Say, log: Path) -> str:
    """Makes sure that the engine has the image, and returns its tag.

    Raises:
        TrainyardError: IMAGE_BUILD_FAILED with the builder's own reason; UNSUPPORTED for an unknown name.
    """
    tag = current_tag(api, name, home)
    if has(api, tag):
        return tag
    packages = build_packages(api, name, home=home, say=say, log=log)
    return add_harness(api, name, packages, say=say, log=log)


def current_tag(api: APIClient, name: str, home: Path) -> str:
    """The tag that the image has, or will have once built."""
    return image_tag(name, base_of(api, home))


def build_packages(api: APIClient, name: str, *, home: Path, say: Say, log: Path) -> str:
    """Makes sure of an image's packages, its parents' before them, and returns their tag."""
    base = base_of(api, home)
    below = base
    for each in image(name).chain:
        tag = packages_tag(each, base)
        with building(engine_locks(), tag):
            if not has(api, tag):
                _build_packages(image(each), tag, below, say, log)
        below = tag
    return below


def base_of(api: APIClient, home: Path) -> str:
    """The chosen base; where none was chosen and the default isn't here, a Debian that is."""
    named, chosen = base_image(home)
    if chosen or has(api, named):
        return named
    return next((base for base in LOCAL_BASES if has(api, base)), named)


def add_harness(api: APIClient, name: str, packages: str, *, say: Say, log: Path) -> str:
    """Puts the harness on top of `packages`, the image's own or derived ones, and returns the tag."""
    tag = with_harness(packages)
    with building(engine_locks(), tag):
        if has(api, tag):
            return tag
        arguments = ["--build-arg", f"PACKAGES={packages}", "--tag", tag]
        if packages.startswith(f"trainyard/{name}-packages:"):
            arguments += ["--tag", f"trainyard/{name}:latest"]
        with tempfile.TemporaryDirectory(prefix="trainyard-build-") as folder:
            _copy([image(name).folder / "Dockerfile"], Path(folder))
            shutil.copytree(
                resources.HARNESS,
                Path(folder, "src", "trainyard_harness"),
                ignore=shutil.ignore_patterns("__pycache__"),
            )
            _buildkit(image(name), arguments, Path(folder), log)
    say(f"image {tag} is ready.")
    return tag


def has(api: APIClient, tag: str) -> bool:
    """Whether the engine has an image of that tag."""
    from docker.errors import ImageNotFound

    try:
        api.inspect_image(tag)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return False
    return True


@contextlib.contextmanager
def building(place: Path, what: str) -> Iterator[None]:
    """Lets one process at a time make `what` in `place`; the others wait and then find it made."""
    path = place / ".locks" / re.sub(r"[^A-Za-z0-9.-]+", "-", what)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def engine_locks() -> Path:
    """Where builds for the engine lock one another out: one place for all state homes."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "trainyard"


def client(folders: list[str]) -> str:
    """A `docker` command that speaks BuildKit: one before 23 has it built in, a later one needs buildx.

    A host may have several: a newer one without buildx first on PATH hides Debian's own, which is enough.

    Raises:
        TrainyardError: IMAGE_BUILD_FAILED where none of `folders` has one.
    """
    for folder in dict.fromkeys(folders):
        command = str(Path(folder, "docker"))
        if not os.access(command, os.X_OK):
            continue
        version = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"version (\d+)", version)
        if found and int(found[1]) < 23:
            return command
        if subprocess.run([command, "buildx", "version"], capture_output=True, check=False).returncode == 0:
            return command
    raise TrainyardError(
        ExitCode.IMAGE_BUILD_FAILED,
        "Images need a `docker` command with BuildKit, and this host has none.",
        "Install docker-buildx-plugin (docker-ce) or docker.io (Debian 12).",
    )


def failure(of: Image, log: Path, at: int) -> TrainyardError:
    """What the builder said since byte `at` of `log`, in one line."""
    with log.open("rb") as file:
        file.seek(at)
        text = file.read().decode(errors="replace")
    errors = [line for line in text.splitlines() if "ERROR" in line or line.startswith("failed to")]
    reason = re.sub(r"^#\d+ [\d.]* ?|ERROR: ?", "", (errors or ["the builder gave no reason"])[0]).strip()
    hint = f"The whole log is {log}."
    if "metadata for" in text or "pull access denied" in text:
        hint = f"Without a registry: run scripts/base-image, or set TRAINYARD_BASE_IMAGE. {hint}"
    return TrainyardError(ExitCode.IMAGE_BUILD_FAILED, f"The image {of.name} was not built: {reason}", hint)


def _build_packages(of: Image, tag: str, below: str, say: Say, log: Path) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="trainyard-build-") as temporary:
        folder = Path(temporary)
        _copy(build_files(of), folder)
        into = folder / "images" / "wheels"
        into.mkdir()
        lock = of.folder / "requirements.txt"
        if lock.is_file():
            count = sum("==" in line for line in lock.read_text().splitlines())
            say(f"image {of.name}: fetching {count} packages.")
            if not wheels.download(lock, into, log):
                say(f"image {of.name}: this host's pip cannot fetch them; the build asks the index itself.")
        say(f"image {of.name}: building; the log is {log}.")
        arguments = ["--target", "packages", "--build-arg", f"BASE_IMAGE={below}", "--tag", tag]
        _buildkit(of, arguments, folder, log)
    say(f"image {of.name}: built in {time.monotonic() - began:.0f} s.")


def _copy(files: list[Path], folder: Path) -> None:
    """Copies files of `images/` to the same place below `folder`."""
    for file in files:
        to = folder / "images" / file.relative_to(resources.IMAGES)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)


def _buildkit(of: Image, arguments: list[str], context: Path, log: Path) -> None:
    # A builder other than the engine's own would keep its result to itself.
    environment = os.environ | {"DOCKER_BUILDKIT": "1", "BUILDX_BUILDER": "default"}
    dockerfile = context / "images" / of.name / "Dockerfile"
    command = [
        client(_folders()),
        "build",
        "--progress=plain",
        *arguments,
        "--file",
        str(dockerfile),
        str(context),
    ]
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        at = output.tell()
        done = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise failure(of, log, at)


def _folders() -> list[str]:
    return [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/local/bin"]
