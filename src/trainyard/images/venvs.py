"""Virtual environments from the same pins, for the process executor.

An environment is `venvs/<name>-<hash>` in the state home. It counts only once its stamp is there, which is
written last: what a killed build left behind is thrown away by the next.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

from trainyard import resources
from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.build import Say, building
from trainyard.images.content import harness_hash, hash_of, lock_hash
from trainyard.images.failures import why
from trainyard.images.image import image, images
from trainyard.images.needs import Needs, needs_of
from trainyard.images.wheels import indexes

STAMP = ".trainyard-ready"
"""Written last: an environment without it is none."""


def prepare(name: str, requirements: Path | None, *, home: Path, say: Say, log: Path | None) -> Path:
    """The environment of the image `name` with `requirements` on top; makes what isn't there.

    Raises:
        TrainyardError: as `trainyard.images.docker.prepare`; NO_EXECUTOR where no Python fits the pins.
    """
    needs = needs_of(requirements, image(name).pins) if requirements else Needs()
    for note in needs.notes:
        say(note)
    log = log or home / "logs" / f"venv-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    _prepare_harness(home)
    venv = venv_of(name, home)
    with building(venv.parent, venv.name):
        if not _is_ready(venv):
            _make(name, venv, say, log)
    if not needs.install:
        return venv
    assert requirements is not None  # noqa: S101 - needs come from nowhere else
    derived = venv.parent / f"{name}-derived-{hash_of([venv.name.encode(), needs.content.encode()])}"
    with building(venv.parent, derived.name):
        if not _is_ready(derived):
            say(f"installing {', '.join(need.text for need in needs.install)}; the log is {log}.")
            _derive(venv, derived, needs, image(name).pins, requirements.name, log)
    return derived


def venv_of(reference: str, home: Path) -> Path:
    """Where the environment of an image's name is; a path that `prepare` returned is that itself."""
    if reference in images():
        finish = (resources.IMAGES / "base" / "finish.py").read_bytes()
        content = hash_of([lock_hash(reference).encode(), python().encode(), finish])
        # the real place: derived environments name it, and must outlive a link to it
        return (home / "venvs").resolve() / f"{reference}-{content}"
    return Path(reference)


def reference_to(venv: Path) -> str:
    """What names an environment together with the harness of now, as an image's tag names both."""
    return f"{venv}:{harness_hash()}"


def parts_of(reference: str) -> tuple[str, str]:
    """The environment and the harness' hash in a reference; the hash is empty where it names none."""
    venv, _, named = reference.rpartition(":")
    return (venv, named) if re.fullmatch(r"[0-9a-f]{12}", named) else (reference, "")


def environment_of(reference: str, home: Path) -> tuple[Path, Path]:
    """Environment and harness folder of a reference; the harness of now where it names none.

    Raises:
        TrainyardError: IMAGE_BUILD_FAILED where the harness that it names is gone.
    """
    venv, named = parts_of(reference)
    if not named:
        return venv_of(reference, home), harness_folder(home)
    harness = harness_folder(home, named)
    if not harness.is_dir():
        raise TrainyardError(
            ExitCode.IMAGE_BUILD_FAILED,
            f"{harness}: the harness that this run began with is gone.",
            "Push again, or launch the same commit in a new run.",
        )
    return venv_of(venv, home), harness


def unused(home: Path, needed: Collection[str], before: float) -> list[Path]:
    """Environments made before that time that are not the catalogue's, not `needed` and not below such ones.

    None where `venvs` is a link: others may use what is there.
    """
    folder = home / "venvs"
    if folder.is_symlink():
        return []
    made = {path.parent: path.stat().st_mtime for path in folder.resolve().glob(f"*/{STAMP}")}
    kept = {Path(one) for one in needed} | {venv_of(name, home) for name in images()}
    kept |= {venv for venv, moment in made.items() if moment >= before}
    kept |= {base for venv in kept for base in made if _stands_on(venv, base)}
    return sorted(set(made) - kept)


def _stands_on(derived: Path, venv: Path) -> bool:
    links = derived.glob("lib/*/site-packages/image.pth")
    return any(link.read_text().startswith(f"{venv}/") for link in links)


def harness_folder(home: Path, version: str | None = None) -> Path:
    """What goes on PYTHONPATH: the harness alone, not the folder in which it lies beside other packages."""
    return home / "harness" / (version or harness_hash())


def python() -> str:
    """The Python for environments: 3.11, for which the pins are made, else the one that runs Trainyard."""
    return (
        shutil.which("python3.11", path="/usr/bin:/usr/local/bin:" + os.environ.get("PATH", ""))
        or sys.executable
    )


def _prepare_harness(home: Path) -> None:
    folder = harness_folder(home)
    with building(folder.parent, folder.name):
        if folder.is_dir():
            return
        aside = folder.with_name(f".{folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(resources.HARNESS, aside / "trainyard_harness", ignore=ignored)
        _compile(Path(sys.executable) if python() == sys.executable else Path(python()), aside)
        aside.rename(folder)


def _make(name: str, venv: Path, say: Say, log: Path) -> None:
    began = time.monotonic()
    say(f"environment {venv.name}: installing {len(image(name).pins)} packages; the log is {log}.")
    _empty(venv, log)
    inside = venv / "bin" / "python"
    if locks := image(name).locks:
        _install(name, inside, locks, log)
    _run([str(inside), str(resources.IMAGES / "base" / "finish.py")], log)
    _compile(inside, venv / "lib")
    (venv / STAMP).touch()
    say(f"environment {venv.name}: made in {time.monotonic() - began:.0f} s.")


def _install(name: str, inside: Path, locks: list[Path], log: Path) -> None:
    command = [str(inside), "-m", "pip", "install", "--no-deps", "--no-compile", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--progress-bar", "off"]
    for lock in locks:
        command += ["--requirement", str(lock)]
    errors = ["pip failed"]
    for index in indexes(locks[-1]):
        code, output = _run([*command, *index], log)
        if code == 0:
            return
        errors += [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    raise TrainyardError(
        ExitCode.IMAGE_BUILD_FAILED,
        f"The environment of {name} was not made with {python()}: {errors[-1]}",
        f"The pins need Python 3.11 and a package index. The whole log is {log}.",
    )


def _derive(venv: Path, derived: Path, needs: Needs, pins: dict[str, str], file: str, log: Path) -> None:
    """A small environment whose path goes on in `venv`: only what is new is installed."""
    _empty(derived, log, "--without-pip")
    site = next((derived / "lib").glob("python3.*")) / "site-packages"
    (site / "image.pth").write_text(f"{next((venv / 'lib').glob('python3.*')) / 'site-packages'}\n")
    if (venv / "lib" / "libgomp.so.1").exists():
        (derived / "lib" / "libgomp.so.1").symlink_to(venv / "lib" / "libgomp.so.1")
    requirements, constraints = derived / "requirements.txt", derived / "constraints.txt"
    requirements.write_text(needs.content)
    constraints.write_text("".join(f"{name}=={pins[name]}\n" for name in sorted(pins)))
    command = [
        str(venv / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--prefix",
        str(derived),
        "--prefer-binary",
    ]
    command += [
        "--no-warn-script-location",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
        "--no-color",
    ]
    command += ["--constraint", str(constraints), "--requirement", str(requirements)]
    code, output = _run(command, log)
    if code != 0:
        raise why(output, needs, file, str(log))
    (derived / STAMP).touch()


def _is_ready(venv: Path) -> bool:
    return (venv / STAMP).exists()


def _empty(venv: Path, log: Path, *options: str) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    venv.parent.mkdir(parents=True, exist_ok=True)
    code, output = _run([python(), "-m", "venv", *options, str(venv)], log)
    if code != 0:
        raise TrainyardError(
            ExitCode.NO_EXECUTOR,
            f"{python()} cannot make virtual environments: {output.strip().splitlines()[-1]}",
            "Debian: apt-get install python3-venv. EL 8/9: dnf install python3.11.",
        )


def _compile(interpreter: Path, folder: Path) -> None:
    command = [str(interpreter), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(folder)], check=False, stdout=subprocess.DEVNULL)


def _run(command: list[str], log: Path) -> tuple[int, str]:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    with log.open("ab") as kept:
        kept.write(f"$ {' '.join(command)}\n".encode() + done.stdout)
    return done.returncode, done.stdout.decode(errors="replace")
