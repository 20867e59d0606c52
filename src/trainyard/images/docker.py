"""Images for the Docker executor: the catalogue's own, and derived ones with a repository's packages on top.

A derived image's packages are installed by pip in a container with the limits of a training, because building
a package from source runs its code. What pip leaves behind is then copied into the image as plain files, and
the harness put on top, so that nothing of a build but its files is in the result.
"""

from __future__ import annotations

import contextlib
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.exits import ExitCode, TrainyardError
from trainyard.images import build
from trainyard.images.build import Say
from trainyard.images.content import hash_of
from trainyard.images.failures import why
from trainyard.images.image import image
from trainyard.images.needs import Needs, needs_of
from trainyard.images.settings import PipSettings, pip_settings

if TYPE_CHECKING:
    from docker import APIClient

_INSTALL_SECONDS = 1200
_INSTALL_MEMORY = 4 * 2**30


def prepare(
    api: APIClient, name: str, requirements: Path | None, *, home: Path, say: Say, log: Path | None
) -> str:
    """The tag of the image `name` with `requirements` on top; builds what isn't there.

    Raises:
        TrainyardError: IMAGE_BUILD_FAILED, naming the requirement's line where it is at fault; BAD_CONFIG for
            a refused requirement; UNSUPPORTED for an unknown image.
    """
    needs = needs_of(requirements, image(name).pins) if requirements else Needs()
    for note in needs.notes:
        say(note)
    log = log or home / "logs" / f"image-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if not needs.install:
        return build.build(api, name, home=home, say=say, log=log)
    assert requirements is not None  # noqa: S101 - needs come from nowhere else
    packages = build.build_packages(api, name, home=home, say=say, log=log)
    derived = f"trainyard/{name}-derived-packages:{hash_of([packages.encode(), needs.content.encode()])}"
    wanted = ", ".join(need.text for need in needs.install)
    with build.building(build.engine_locks(), derived):
        if build.has(api, derived):
            with log.open("a") as kept:  # a run's log says what its image holds, whoever had it built
                kept.write(f"{derived} holds {wanted}.\n")
        else:
            say(f"installing {wanted}; the log is {log}.")
            _derive(api, packages, derived, needs, image(name).pins, requirements.name, log)
    return build.add_harness(api, name, derived, say=say, log=log)


def _derive(
    api: APIClient, packages: str, tag: str, needs: Needs, pins: dict[str, str], file: str, log: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="trainyard-derive-") as temporary:
        folder = Path(temporary)
        inputs, installed = folder / "in", folder / "out"
        inputs.mkdir()
        installed.mkdir()
        (inputs / "requirements.txt").write_text(needs.content)
        (inputs / "constraints.txt").write_text("".join(f"{name}=={pins[name]}\n" for name in sorted(pins)))
        settings = pip_settings()
        (inputs / "pip.conf").write_text(settings.conf)
        for part in (folder, inputs, installed):
            part.chmod(0o755)
        _install(api, packages, tag, inputs, installed, settings, needs, file, log)
        with _layer(installed) as archive:
            name = _container(api, tag)
            api.create_container(packages, ["true"], name=name)
            try:
                api.put_archive(name, "/", archive)
                repository, _, version = tag.partition(":")
                api.commit(name, repository, version)
            finally:
                api.remove_container(name, v=True, force=True)


def _install(
    api: APIClient,
    packages: str,
    tag: str,
    inputs: Path,
    installed: Path,
    settings: PipSettings,
    needs: Needs,
    file: str,
    log: Path,
) -> None:
    """Runs pip in a container that holds nothing of the host but its pip settings."""
    from trainyard.executors.base import Limits
    from trainyard.executors.sandbox import host_config, user

    uid, gid = user()
    if os.getuid() == 0:
        os.chown(installed, uid, gid)
    limits = Limits(memory=_INSTALL_MEMORY, network="full")
    read_only = {"/in": inputs, **{str(path): path for path in settings.local}}
    flags = host_config(limits, read_only=read_only, writable={"/out": installed}, build=True)
    command = ["python", "-m", "pip", "install", "--prefix", "/out", "--no-cache-dir", "--prefer-binary"]
    command += ["--no-warn-script-location", "--progress-bar", "off", "--no-color"]
    command += ["--constraint", "/in/constraints.txt", "--requirement", "/in/requirements.txt"]
    if settings.secret:
        command += ["--only-binary", ":all:"]  # no code of a package may see the index's password
    container = _container(api, tag)
    api.create_container(
        packages,
        entrypoint=command,
        name=container,
        user=f"{uid}:{gid}",
        environment={"PIP_CONFIG_FILE": "/in/pip.conf", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        | settings.environment,
        host_config=api.create_host_config(**flags),
    )
    try:
        api.start(container)
        code = _outcome(api, container)
        output: bytes = api.logs(container)
    finally:
        api.remove_container(container, v=True, force=True)
    with log.open("ab") as kept:
        kept.write(output)
    if code is None:
        minutes = _INSTALL_SECONDS // 60
        raise TrainyardError(
            ExitCode.IMAGE_BUILD_FAILED,
            f"{file}: its packages were not installed within {minutes} minutes.",
            f"Ask for fewer, or for versions with wheels. The log is {log}.",
        )
    if code != 0:
        raise why(output.decode(errors="replace"), needs, file, str(log))


def _container(api: APIClient, tag: str) -> str:
    """The name of the container that makes `tag`; what a killed build left of it is removed."""
    from docker.errors import NotFound

    name = f"trainyard-build-{tag.rpartition(':')[2]}"
    with contextlib.suppress(NotFound):
        api.remove_container(name, v=True, force=True)
    return name


def _outcome(api: APIClient, container: str) -> int | None:
    from requests.exceptions import ConnectionError, ReadTimeout

    try:
        return int(api.wait(container, timeout=_INSTALL_SECONDS)["StatusCode"])
    except (ReadTimeout, ConnectionError):
        return None


@contextlib.contextmanager
def _layer(installed: Path) -> Iterator[object]:
    """What was installed as a tar for `/opt/venv`: plain files and folders only, owned by root."""
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w|") as archive:
            for folder, names, files in os.walk(installed, followlinks=False):
                for name in [*names, *files]:
                    path = Path(folder, name)
                    if path.is_symlink() or not (path.is_dir() or path.is_file()):
                        continue
                    inside = str(Path("opt/venv", path.relative_to(installed)))
                    archive.add(path, inside, recursive=False, filter=_plain)
        file.seek(0)
        yield file


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    # readable by the user of the container, writable and set-id by nobody
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member
