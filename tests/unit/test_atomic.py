"""A state file is whole or not there, whatever happens to its writer."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.atomic import locked, write_atomic


def test_sigkill_during_writes_never_leaves_a_torn_file(tmp_path: Path) -> None:
    target = tmp_path / "state"
    code = (
        "import sys; from pathlib import Path; from trainyard.runs.atomic import write_atomic\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1; write_atomic(Path(sys.argv[1]), (b'%d ' % n) * 50_000)\n"
    )
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", code, str(target)])
        while not target.exists():
            time.sleep(0.01)
        time.sleep(0.05)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert len(set(target.read_bytes().split())) == 1
        assert len(target.read_bytes().split()) == 50_000


def test_a_full_disk_is_said_and_keeps_the_old_content(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        write_atomic(disk / "state", b"old")
        with pytest.raises(TrainyardError) as caught:
            write_atomic(disk / "state", b"x" * 200_000)
        assert caught.value.code == ExitCode.DISK_FULL
        assert str(disk / "state") in caught.value.message
        assert (disk / "state").read_bytes() == b"old"
        assert [p.name for p in disk.iterdir()] == ["state"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_second_holder_is_told_busy_and_the_kernel_frees_a_killed_holder(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    code = (
        "import sys, time; from pathlib import Path; from trainyard.runs.atomic import locked\n"
        "with locked(Path(sys.argv[1]), 'it'): print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(TrainyardError) as caught, locked(lock, "it"):
        pass
    assert caught.value.code == ExitCode.BUSY
    holder.kill()
    holder.wait()
    with locked(lock, "it"):
        pass
