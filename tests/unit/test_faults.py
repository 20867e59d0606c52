"""Faults happen where and when they are asked for, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trainyard import faults
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import state as st
from trainyard.runs.atomic import write_atomic


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_reached", {})


def test_without_the_variable_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINYARD_FAULT", raising=False)
    faults.reach("before-write", "run.json")
    assert faults.clock() == 0.0


def test_a_fault_happens_at_its_point_and_its_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_FAULT", "before-write/run.json:raise@2,git:raise")
    faults.reach("before-write", "run.json")
    faults.reach("before-write", "verdict.json")
    with pytest.raises(OSError, match=r"before-write/run\.json"):
        faults.reach("before-write", "run.json")
    faults.reach("before-write", "run.json")
    with pytest.raises(OSError, match="git/fetch"):
        faults.reach("git", "fetch")


def test_a_full_disk_is_told_from_a_broken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "state", b"old")
    monkeypatch.setenv("TRAINYARD_FAULT", "during-write:full")
    with pytest.raises(TrainyardError) as caught:
        write_atomic(tmp_path / "state", b"new")
    assert caught.value.code == ExitCode.DISK_FULL
    monkeypatch.setenv("TRAINYARD_FAULT", "during-write:raise")
    with pytest.raises(OSError, match="on purpose"):
        write_atomic(tmp_path / "state", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("state", b"old")]


def test_a_torn_write_is_never_seen_under_its_name(tmp_path: Path) -> None:
    target = tmp_path / "state"
    target.write_bytes(b"old")
    code = "import sys; from pathlib import Path; from trainyard.runs.atomic import write_atomic as w\n"
    writer = subprocess.run(
        [sys.executable, "-c", code + "w(Path(sys.argv[1]), b'new' * 9)", str(target)],
        env={"TRAINYARD_FAULT": "during-write/state:kill"},
        check=False,
    )
    assert writer.returncode == -9
    assert target.read_bytes() == b"old"


def test_the_clock_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    before = st.now()
    monkeypatch.setenv("TRAINYARD_FAULT", "clock:jump=-86400")
    assert st.now() < before - 86000
    assert st.parse(st.timestamp()) < before - 86000
