"""What a training planted in its folder is read as nothing."""

import json
import os
from pathlib import Path

import pytest

from trainyard.home import Home
from trainyard.runs import store
from trainyard.runs.untrusted import escaped, inside, printable, read_plain


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cret")
    folder = tmp_path / "trial"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "large").write_bytes(b"x" * 2000)
    (folder / "plain").write_bytes(b"y" * 1000)
    return folder


@pytest.mark.parametrize("name", ["link", "pipe", "folder", "large", "absent"])
def test_links_pipes_folders_and_large_files_are_nothing(planted: Path, name: str) -> None:
    assert read_plain(planted / name, 1000) is None


def test_a_plain_file_is_read_whole(planted: Path) -> None:
    assert read_plain(planted / "plain", 1000) == b"y" * 1000


@pytest.mark.parametrize("text", [b"[" * 100_000, b"{", b'{"metrics": 3}', b"\xff\xfe", b"null"])
def test_torn_or_hostile_metrics_are_no_metrics(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "metrics.json").write_bytes(text)
    assert store.Trial(tmp_path, 0).metrics is None


@pytest.mark.parametrize(
    "name", ["link", "round", "../trial/..", ".", "", "a\0b", "x" * 5000, "absent", "/etc/passwd"]
)
def test_a_name_that_leads_elsewhere_or_nowhere_leads_nowhere(planted: Path, name: str) -> None:
    (planted / "round").symlink_to("round")
    assert inside(planted, name) is None
    assert inside(planted, "plain") == planted / "plain"


def test_json_says_the_same_without_what_drives_a_terminal() -> None:
    text = json.dumps({"a": "\x7f \u202e \x9b1m é"}, ensure_ascii=False)
    assert json.loads(escaped(text)) == json.loads(text)
    assert printable(escaped(text)) == escaped(text) != text


def test_terminal_escapes_do_not_reach_a_terminal() -> None:
    assert printable("a\x1b[2Jb\nc") == "a?[2Jb\nc"


@pytest.mark.parametrize("commit", ["../../../../tmp/x", "--output=x", "", "a/b\nc"])
def test_a_commit_cannot_place_a_run_elsewhere(tmp_path: Path, commit: str) -> None:
    name = store.new_id(commit)
    assert (Home(tmp_path).runs / "r" / name).resolve().parent == (tmp_path / "runs" / "r").resolve()
    assert "\n" not in name
