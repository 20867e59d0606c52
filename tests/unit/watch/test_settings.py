"""watch.toml, and what of it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.daemon import address
from trainyard.exits import ExitCode, TrainyardError
from trainyard.watch import settings

REPO = '[[repos]]\nname = "a"\nurl = "/srv/git/a.git"\n'


def read(folder: Path, text: str) -> settings.WatchConfig:
    path = folder / "watch.toml"
    path.write_text(text)
    return settings.read(path)


def test_a_file_with_one_repository_is_enough(tmp_path: Path) -> None:
    config = read(tmp_path, REPO)
    assert config.interval == 1.0 and config.repos[0].branches == ("main",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("interval = 0.0\n", "interval"),
        (REPO + REPO, "a is there twice"),
        (REPO.replace('"a"', '"../a"'), "../a"),
        (REPO.replace("/srv/git/a.git", "https://me:word@host/a"), "password"),
        (REPO.replace("/srv", "--upload-pack=x /srv"), "url"),
        (REPO + "branches = []\n", "branches"),
        (REPO + 'branches = ["!x"]\n', "names no branch"),
        (REPO + 'branches = ["-x"]\n', "is no branch"),
        (REPO + 'branches = ["a b"]\n', "is no branch"),
        (REPO + "colour = 1\n", "colour"),
    ],
)
def test_what_no_watcher_could_work_with_is_refused_and_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(TrainyardError, match=named) as error:
        read(tmp_path, text)
    assert error.value.code == ExitCode.BAD_CONFIG
    assert "word" not in str(error.value).replace("password", "")


def test_a_secret_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("new\n\nold\n")
    path.chmod(0o640)
    assert settings.secrets(str(path)) == [b"new", b"old"]
    path.chmod(0o644)
    with pytest.raises(TrainyardError, match="open to everybody"):
        settings.secrets(str(path))


@pytest.mark.parametrize("listen", ["9118", "host:", "host:x", "host:99999"])
def test_addresses_that_are_none(listen: str) -> None:
    with pytest.raises(TrainyardError, match="is not HOST:PORT"):
        address(listen)


def test_addresses() -> None:
    assert address("127.0.0.1:80") == ("127.0.0.1", 80)
    assert address("[::1]:80") == ("::1", 80)
    assert address(":80")[0] == "0.0.0.0"
