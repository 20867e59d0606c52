"""Bad input: one clear line, its own exit code, and a run that `status` still lists."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Yard
from trainyard.exits import ExitCode

FIT = (
    "from sklearn.linear_model import LogisticRegression\n"
    "from sklearn.datasets import load_iris\n"
    "from sklearn.model_selection import train_test_split\n"
    "X, y = load_iris(return_X_y=True)\n"
    "a, b, c, d = train_test_split(X, y, random_state=0)\n"
)
END = "model = LogisticRegression(max_iter=500).fit(a, c)\nprint(model.score(b, d))\n"

ENDLESS = FIT + "while True:\n    pass\n" + END
HUNGRY = FIT + "rows = []\nwhile True:\n    rows.append(bytearray(50_000_000))\n" + END
RAISING = FIT + "raise ValueError('no such column: age')\n" + END

# (what, files, exit code, what the reason says)
SCRIPTS = [
    ("nothing trains", {"hello.py": "print('hello')\n"}, ExitCode.NO_TRAINING_CODE, "train"),
    ("no files", {"README.md": "soon\n"}, ExitCode.NO_TRAINING_CODE, "train"),
    (
        "syntax error",
        {"train.py": FIT + "model = (LogisticRegression(\n"},
        ExitCode.SYNTAX_ERROR,
        "train.py:6",
    ),
    ("raises", {"train.py": RAISING}, ExitCode.SCRIPT_FAILED, "train.py:6: ValueError: no such column: age"),
    ("exits", {"train.py": FIT + "import sys; sys.exit(4)\n" + END}, ExitCode.SCRIPT_FAILED, "4"),
    (
        "missing module",
        {"train.py": "import my_helpers\n" + FIT + END},
        ExitCode.MISSING_MODULE,
        "my_helpers",
    ),
    ("never ends", {"train.py": ENDLESS}, ExitCode.OUT_OF_TIME, "max_minutes = 0.1"),
    ("too much memory", {"train.py": HUNGRY}, ExitCode.OUT_OF_MEMORY, "memory"),
    ("unknown field", {"trainyard.toml": "[policy]\ntarjet = 0.9\n"}, ExitCode.BAD_CONFIG, "tarjet"),
    ("wrong target", {"trainyard.toml": "[policy]\ntarget = 95\n"}, ExitCode.BAD_CONFIG, "target"),
    ("torn config", {"trainyard.toml": "[policy\n"}, ExitCode.BAD_CONFIG, "trainyard.toml"),
    (
        "impossible requirement",
        {"requirements.txt": "no-such-thing==9.9\n"},
        ExitCode.IMAGE_BUILD_FAILED,
        "line 1",
    ),
]


@pytest.mark.parametrize(("what", "files", "code", "said"), SCRIPTS, ids=[s[0] for s in SCRIPTS])
def test_what_is_wrong_with_the_code_is_one_line_and_one_code(
    make_yard: Callable[..., Yard],
    folder: Callable[..., Path],
    what: str,
    files: dict[str, str],
    code: ExitCode,
    said: str,
) -> None:
    yard = make_yard("process", config='[limits]\nmemory = "600m"\n')
    given = {"train.py": FIT + END} if "trainyard.toml" in files or "requirements.txt" in files else {}
    limit = {"trainyard.toml": "[policy]\nmax_minutes = 0.1\n"} if what == "never ends" else {}
    case = folder("case", {**given, **limit, **files})
    answer = yard("run", case, "--json")
    verdict = answer.json
    assert answer.code == code, answer.err
    assert verdict["outcome"] == "failed"
    assert said in verdict["reason"]
    assert "\n" not in verdict["reason"]
    [listed] = yard("status", "--json").json
    assert (listed["outcome"], listed["code"]) == ("failed", code)
    assert said in listed["error"]
    assert Path(verdict["report"]).is_file()


@pytest.mark.parametrize(
    ("url", "options", "code"),
    [
        ("/no/such/folder", [], ExitCode.NOT_FOUND),
        ("https://127.0.0.1:9/nothing.git", [], ExitCode.NOT_FOUND),
        ("HERE", ["--commit", "deadbeef"], ExitCode.UNKNOWN_COMMIT),
        ("HERE", ["--branch", "nowhere"], ExitCode.UNKNOWN_COMMIT),
        ("FILE", [], ExitCode.NOT_FOUND),
    ],
)
def test_what_cannot_be_fetched_is_a_failed_run(
    process_yard: Yard, folder: Callable[..., Path], url: str, options: list[str], code: ExitCode
) -> None:
    here = folder("repo", {"train.py": FIT + END})
    subprocess.run(["git", "init", "-q", str(here)], check=True)
    subprocess.run(["git", "-C", str(here), "add", "-A"], check=True)
    subprocess.run(
        ["git", "-C", str(here), "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
        check=True,
    )
    answer = process_yard(
        "run", url.replace("HERE", str(here)).replace("FILE", str(here / "train.py")), *options
    )
    assert answer.code == code
    [listed] = process_yard("status", "--json").json
    assert (listed["outcome"], listed["code"]) == ("failed", code)


def test_a_torn_state_file_is_named_and_the_run_still_listed(
    process_yard: Yard, folder: Callable[..., Path]
) -> None:
    first = process_yard("run", folder("case", {"train.py": FIT + END}), "--json").json
    state = process_yard.home / "runs" / first["run"] / "run.json"
    state.write_text(state.read_text()[:40])
    answer = process_yard("show", first["run"])
    assert answer.code == ExitCode.TORN_STATE
    assert str(state) in answer.complaint
    [listed] = process_yard("status", "--json").json
    assert (listed["stage"], listed["code"]) == ("unreadable", ExitCode.TORN_STATE)
    again = process_yard("run", folder("case", {"train.py": FIT + END}), "--json")
    assert again.json["outcome"] == "promoted"


def test_a_newer_state_file_is_refused_by_name(process_yard: Yard, folder: Callable[..., Path]) -> None:
    first = process_yard("run", folder("case", {"train.py": FIT + END}), "--json").json
    state = process_yard.home / "runs" / first["run"] / "run.json"
    state.write_text(state.read_text().replace('"schema": 1', '"schema": 99', 1))
    answer = process_yard("launch", "--run", first["run"])
    assert answer.code == ExitCode.TORN_STATE
    assert "newer" in answer.complaint


def test_a_second_verb_on_the_same_run_is_told_busy(process_yard: Yard, folder: Callable[..., Path]) -> None:
    slow = folder("case", {"train.py": FIT + "import time; time.sleep(8)\n" + END})
    pulled = process_yard("pull", "--url", slow, "--json").json["run"]
    assert process_yard("launch", "--run", pulled).code == 0
    waiting = subprocess.Popen(
        [str(COMMAND), "evaluate", "--run", pulled],
        env=process_yard.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            answer = process_yard("tweak", "--run", pulled)
            if answer.code == ExitCode.BUSY:
                break
        assert answer.code == ExitCode.BUSY
        assert pulled in answer.complaint
        [listed] = process_yard("status", "--json").json
        assert listed["stage"] == "training"
    finally:
        assert waiting.wait() == 0


def test_a_full_disk_is_said_and_the_run_goes_on_once_there_is_space(
    make_yard: Callable[..., Yard], folder: Callable[..., Path], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=True)
    try:
        yard = make_yard("process", home=disk)
        big = folder("case", {"train.py": FIT + END, "data.bin": "x" * 4_000_000})
        answer = yard("run", big, "--json")
        assert answer.code == ExitCode.DISK_FULL, answer.err
        [listed] = yard("status", "--json").json
        assert listed["stage"] == "pulling"
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        again = yard("run", big, "--json")
        assert again.json["outcome"] == "promoted"
        assert again.json["run"] == listed["run"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
