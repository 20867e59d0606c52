"""Finding a `docker` that can build, and saying why a build failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.build import building, client, failure
from trainyard.images.image import image
from trainyard.images.wheels import indexes


def command(folder: Path, version: str, *, buildx: bool) -> Path:
    folder.mkdir()
    path = folder / "docker"
    path.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = --version ] && echo "Docker version {version}, build abc" && exit 0\n'
        f'[ "$1" = buildx ] && exit {0 if buildx else 1}\n'
    )
    path.chmod(0o755)
    return path


def test_a_client_without_buildx_does_not_hide_an_older_one_with_buildkit_built_in(tmp_path: Path) -> None:
    command(tmp_path / "new", "28.2.2", buildx=False)
    old = command(tmp_path / "old", "20.10.24+dfsg1", buildx=False)
    assert client([str(tmp_path / "new"), str(tmp_path / "old")]) == str(old)


def test_a_client_with_buildx_is_taken(tmp_path: Path) -> None:
    new = command(tmp_path / "new", "29.0.1", buildx=True)
    assert client([str(tmp_path / "none"), str(tmp_path / "new")]) == str(new)


def test_without_any_the_error_says_what_to_install(tmp_path: Path) -> None:
    command(tmp_path / "new", "28.2.2", buildx=False)
    with pytest.raises(TrainyardError) as caught:
        client([str(tmp_path / "new")])
    assert caught.value.code == ExitCode.IMAGE_BUILD_FAILED
    assert "docker-buildx-plugin" in caught.value.hint


def test_a_missing_base_image_says_how_to_get_one(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text(
        "$ docker build\n"
        "#3 [internal] load metadata for docker.io/library/python:3.11\n"
        "#3 ERROR: failed to do request: Head https://registry-1.docker.io: no such host\n"
    )
    found = failure(image("keras"), log, 0)
    assert found.message == (
        "The image keras was not built: failed to do request: Head https://registry-1.docker.io: no such host"
    )
    assert "scripts/base-image" in found.hint
    assert str(log) in found.hint


def test_only_this_builds_part_of_the_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("#1 ERROR: an older one\n")
    at = log.stat().st_size
    with log.open("a") as file:
        file.write("#7 12.3 ERROR: No matching distribution found for x\n")
    assert failure(image("keras"), log, at).message.endswith("No matching distribution found for x")


def test_a_name_with_slashes_locks_in_its_own_place(tmp_path: Path) -> None:
    with building(tmp_path, "trainyard/keras:abc"):
        assert [path.name for path in (tmp_path / ".locks").iterdir()] == ["trainyard-keras-abc"]


def test_the_hosts_own_index_is_asked_before_the_locks(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("# index: https://cpu.example/whl\ntorch==2.13.0+cpu\n")
    assert indexes(lock) == [[], ["--extra-index-url", "https://cpu.example/whl"]]
    lock.write_text("numpy==1.26.4\n")
    assert indexes(lock) == [[]]
