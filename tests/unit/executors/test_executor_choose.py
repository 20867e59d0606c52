"""Docker where an engine answers, processes where none does, and never a silent change of what was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainyard.executors.choose import choose, why_no_engine
from trainyard.exits import ExitCode, TrainyardError


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Something that answers like an engine's `/_ping`."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1024)
                        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")
            except OSError:
                return

        threading.Thread(target=answer, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield path
        listener.shutdown(socket.SHUT_RDWR)


def test_auto_takes_docker_where_an_engine_answers(engine: Path, tmp_path: Path) -> None:
    assert choose("auto", tmp_path).name == "docker"


def test_auto_takes_processes_where_none_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert choose("auto", tmp_path).name == "process"


def test_an_engine_that_hangs_is_given_up_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "docker.sock"))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
        assert choose("auto", tmp_path).name == "process"


def test_docker_asked_for_and_not_there_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(TrainyardError) as caught:
        choose("docker", tmp_path)
    assert caught.value.code == ExitCode.NO_EXECUTOR
    assert "none.sock" in caught.value.message


def test_processes_asked_for_are_taken_though_an_engine_answers(engine: Path, tmp_path: Path) -> None:
    assert choose("process", tmp_path).name == "process"


def test_an_engine_elsewhere_is_refused_for_its_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://somewhere")
    assert "cannot be mounted" in str(why_no_engine())


def test_an_unknown_name_is_a_bad_configuration(tmp_path: Path) -> None:
    with pytest.raises(TrainyardError) as caught:
        choose("podman", tmp_path)
    assert caught.value.code == ExitCode.BAD_CONFIG
