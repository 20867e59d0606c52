"""Finding, copying and running the pushed script, and saying what it raised."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path

import pytest

from trainyard_harness import entry, hazards, notebook, script, work
from trainyard_harness.files import dump, plain, read_json, write_atomic
from trainyard_harness.history import History
from trainyard_harness.imports import AfterImport
from trainyard_harness.lookahead import Lookahead
from trainyard_harness.record import Record
from trainyard_harness.seen import Division
from trainyard_harness.trial import HarnessError, Trial, from_environment, read_job

TRAINS = "from m import model\nmodel.fit(1, 2)\n"


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"anything.py": "print(1)\n"}, "anything.py"),
        ({"data.py": "import x\n", "iris.py": TRAINS}, "iris.py"),
        ({"train.py": TRAINS, "other.py": TRAINS}, "train.py"),
        ({"lib.py": "def go(m):\n    m.fit(1)\n", "main.py": TRAINS}, "main.py"),
        ({"tests/test_it.py": TRAINS, "setup.py": TRAINS, "a/run.py": TRAINS}, "a/run.py"),
        ({"broken.py": "x = = 1\n", "ok.py": TRAINS}, "ok.py"),
        ({"app.py": "if __name__ == '__main__':\n    import lib\n", "b.py": "x = 1\n"}, "app.py"),
    ],
)
def test_the_script_that_trains_is_found(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert entry.choose(tree(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"one.py": TRAINS, "two.py": TRAINS}, "one.py, two.py"),
        ({"one.py": "x = 1\n", "two.py": "y = 1\n"}, "no script that trains"),
        ({"readme.txt": ""}, "no script that trains"),
    ],
)
def test_where_it_is_not_clear_the_candidates_are_named(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(HarnessError, match=words):
        entry.choose(tree(tmp_path, files))


def test_the_copy_is_whole_writable_and_links_what_is_large(tmp_path: Path, monkeypatch: object) -> None:
    monkeypatch.setattr(work, "LARGE", 10)
    source = tree(tmp_path / "s", {"a.py": "x", "d/data.csv": "0" * 100, ".git/config": "x", "d/e/f": ""})
    (source / "inside").symlink_to(source / "a.py")
    (source / "outside").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    copy = tmp_path / "w"
    tree(copy, {"left.over": "x"})
    work.copy_source(source, copy)
    assert not (copy / "left.over").exists()
    assert (copy / "a.py").read_text() == "x" and not (copy / "a.py").is_symlink()
    assert (copy / "d/data.csv").is_symlink() and (copy / "d/data.csv").stat().st_size == 100
    assert (copy / "d/e/f").exists() and not (copy / ".git").exists()
    assert (copy / "inside").read_text() == "x"
    assert not (copy / "outside").exists() and not (copy / "folder").exists()


def test_the_working_folder_is_where_the_data_is(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "src/train.py": "open('data.csv')",
            "src/data.csv": "",
            "src/t2.py": "open('top.csv')",
            "top.csv": "",
        },
    )
    assert script.working_folder(tmp_path / "src/train.py", tmp_path) == tmp_path / "src"
    assert script.working_folder(tmp_path / "src/t2.py", tmp_path) == tmp_path


def test_a_notebook_is_its_code_cells_without_magic() -> None:
    cells = [
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "import os\n", "if os:\n", "    !ls\n", "x = 7 % 4"],
        },
        {"cell_type": "markdown", "source": "# no"},
        {"cell_type": "code", "source": "%%bash\nrm -rf /"},
        {"cell_type": "code", "source": "y = x\nx?"},
    ]
    path = Path("n.ipynb")

    class Fake(type(path)):
        def read_text(self, *_: object, **__: object) -> str:
            return json.dumps({"cells": cells})

    names: dict[str, object] = {}
    exec(notebook.code_of(Fake(path)), names)
    assert names["y"] == 3


def test_questions_are_answered_in_order_and_then_named(capsys: object) -> None:
    ask = hazards.answering(["5"])
    assert ask("Epochs? ") == "5"
    with pytest.raises(hazards.NoAnswerError, match="Name"):
        ask("Name? ")


def test_hooks_run_after_the_import_and_never_break_it(tmp_path: Path, monkeypatch: object) -> None:
    tree(tmp_path, {"ty_probe_a.py": "value = 1\n", "ty_probe_b.py": "value = 2\n"})
    monkeypatch.syspath_prepend(str(tmp_path))
    faults: list[str] = []
    imports = AfterImport(lambda where, error: faults.append(f"{where}: {error}"))
    seen: list[int] = []
    imports.add("ty_probe_a", lambda module: seen.append(module.value))
    imports.add("ty_probe_b", lambda module: module.missing)
    imports.install()
    try:
        assert importlib.util.find_spec("ty_probe_a") is not None
        assert seen == []
        import ty_probe_a
        import ty_probe_b
    finally:
        sys.meta_path.remove(imports)
    assert seen == [1] and ty_probe_b.value == 2
    assert faults and "ty_probe_b" in faults[0]
    assert ty_probe_a.__loader__.__class__.__name__ == "SourceFileLoader"
    imports.add("ty_probe_a", lambda module: seen.append(7))
    assert seen == [1, 7]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m.fit(x, y)\nm.evaluate(x, y)\n", False),
        ("m.fit(x_train, y)\nm.evaluate(x_test, y)\n", True),
        ("m.fit(x, y)\nm.predict(np.array([[1, 2]]))\n", False),
        ("m.fit(X=x, y=y)\nm.score(X=other, y=y)\n", True),
        ("m.fit(x[:5], y)\nm.predict(x[5:])\n", True),
        ("m.fit([a, b], y)\nm.evaluate([c, d], y)\n", True),
        ("m.fit(x, y)\nm.predict([[1, -2]])\n", False),
        ("m.fit(x)\nm.predict(np.expand_dims(img, 0))\n", False),
    ],
)
def test_looking_ahead_tells_whether_the_script_measures_on_other_data(
    text: str, expected: bool, tmp_path: Path
) -> None:
    tree(tmp_path, {"train.py": text})
    assert Lookahead(tmp_path, "train.py").measures_other_data is expected


def test_a_division_is_followed_through_scalers() -> None:
    x_train, x_test, y_train, y_test, scaled, scaled_test = (object() for _ in range(6))
    division = Division([(x_train, x_test), (y_train, y_test)], None)
    assert division.counterpart(x_train, y_train) == (x_test, y_test)
    division.follow(x_train, scaled)
    assert division.counterpart(scaled, y_train) is None
    division.follow(x_test, scaled_test)
    assert division.counterpart(scaled, y_train) == (scaled_test, y_test)
    assert division.counterpart(object(), y_train) is None


def test_metrics_are_strict_json_whatever_is_put_in(tmp_path: Path) -> None:
    record = Record(tmp_path / "metrics.json")
    record.add("loss", float("nan"), split="test", origin="evaluate")
    record.add("accuracy", 0.9, split="test", origin="evaluate", n=100)
    record.add("accuracy", 0.8, split="test", origin="evaluate", n=100)
    record.set(data={"stats": {"x": float("inf")}, "path": Path("/a"), "kind": types})
    record.write()
    found = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert [(one["name"], one["value"], one["direction"]) for one in found["metrics"]] == [
        ("accuracy", 0.8, "max")
    ]
    low, high = found["metrics"][0]["interval"]
    assert low < 0.8 < high
    assert "not finite" in found["notes"][0]
    assert found["data"]["stats"]["x"] is None


def test_cpu_time_of_earlier_attempts_counts(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"cpu_seconds": 100.0, "wall_seconds": 50.0}')
    content = Record(tmp_path / "metrics.json").content()
    assert content["cpu_seconds"] >= 100 and content["wall_seconds"] >= 50


def test_plain_ends_whatever_it_is_given() -> None:
    loop: dict[str, object] = {}
    loop["self"] = loop
    assert dump(loop)
    assert plain({1: (2, {3}), "f": len, "x": 1.5}) == {"1": [2, [3]], "f": "len", "x": 1.5}


def test_history_grows_columns_and_forgets_what_was_not_checkpointed(tmp_path: Path) -> None:
    history = History(tmp_path / "history.csv")
    history.add(0, 0, {"loss": 1.0}, 0.5)
    history.add(0, 1, {"loss": 0.5}, 0.5)
    history.add(1, 0, {"loss": 0.4, "val_loss": 0.6}, 0.5)
    assert (tmp_path / "history.csv").read_text().splitlines() == [
        "fit,epoch,loss,val_loss,seconds", "0,0,1.0,,0.5", "0,1,0.5,,0.5", "1,0,0.4,0.6,0.5",
    ]  # fmt: skip
    history.restore(1, [])
    assert (tmp_path / "history.csv").read_text().splitlines()[-1] == "0,1,0.5,,0.5"


def test_a_job_that_is_torn_or_too_new_is_named(tmp_path: Path) -> None:
    trial = Trial(tmp_path, tmp_path, None)
    assert read_job(trial).seed == 0
    (tmp_path / "job.json").write_text('{"schema": 1, "seed": 5, "unknown": 1, "entry": null}')
    assert read_job(trial).seed == 5
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(HarnessError, match="torn"):
        read_job(trial)
    (tmp_path / "job.json").write_text('{"schema": 9}')
    with pytest.raises(HarnessError, match="schema 9"):
        read_job(trial)


def test_folders_come_from_the_environment_and_faults_are_named(tmp_path: Path, monkeypatch: object) -> None:
    monkeypatch.setenv("TRAINYARD_SOURCE", str(tmp_path / "none"))
    with pytest.raises(HarnessError, match="TRAINYARD_SOURCE"):
        from_environment()
    monkeypatch.setenv("TRAINYARD_SOURCE", str(tmp_path))
    monkeypatch.setenv("TRAINYARD_TRIAL", str(tmp_path / "none"))
    with pytest.raises(HarnessError, match="TRAINYARD_TRIAL"):
        from_environment()
    monkeypatch.setenv("TRAINYARD_TRIAL", str(tmp_path))
    assert from_environment().folder == tmp_path


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: object) -> None:
    path = tmp_path / "x.json"
    write_atomic(path, b'{"a": 1}')
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_atomic(path, b'{"a": 2}')
    assert read_json(path) == {"a": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["x.json"]
