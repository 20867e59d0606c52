"""A run's folder is held to its bytes and its entries, whatever lies in it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.untrusted import too_much
from trainyard.verbs.quota import Quota


def test_bytes_and_entries_have_a_limit(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "file").write_bytes(os.urandom(2**18))
    assert too_much([tmp_path], 2**21) is None
    assert too_much([tmp_path], 2**20) == "more than 1 MiB"
    assert too_much([tmp_path], 2**21, most=9) == "more than 9 files"


def test_a_sparse_file_is_what_it_takes_and_a_link_is_not_followed(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    (tmp_path / "link").symlink_to("/usr")
    assert too_much([tmp_path], 2**20, most=10) is None


def test_what_is_too_much_is_ended_as_soon_as_the_engine_answers(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(2**16))
    told: list[str] = []
    ended = threading.Event()

    def end() -> None:
        told.append("end")
        if len(told) < 2:
            raise TrainyardError(ExitCode.NO_EXECUTOR, "away")
        ended.set()

    quota = Quota([tmp_path], 1024)
    with quota.watching(end):
        assert ended.wait(60)
    assert (len(told), quota.exceeded) == (2, "more than 0 MiB")
