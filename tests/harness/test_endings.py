"""How a training may end, and what it says then: errors, questions, time, nothing to measure."""

from __future__ import annotations

import signal
import subprocess

from tests.harness.conftest import Bench, Ended, until

TRAINING = """
import keras, numpy as np
x = np.random.RandomState(0).randn(400, 8).astype("float32")
y = x[:, :4].argmax(1)
layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
"""


def test_an_exception_is_named_with_its_file_and_line(sklearn: Bench) -> None:
    ended = sklearn.train(
        sklearn.source("import helper\nhelper.go()\n", **{"helper.py": "def go():\n    1 / 0\n"}),
        sklearn.trial(job={"entry": "train.py"}),
    )
    assert ended.code == 1
    assert ended.metrics["state"] == "failed"
    error = ended.metrics["error"]
    assert (error["type"], error["file"], error["line"]) == ("ZeroDivisionError", "helper.py", 2)
    assert ended.out.splitlines()[-1] == "trainyard: helper.py:2: ZeroDivisionError: division by zero"


def test_a_missing_module_is_named(sklearn: Bench) -> None:
    error = sklearn.train("import notthere\n").metrics["error"]
    assert (error["type"], error["module"], error["line"]) == ("ModuleNotFoundError", "notthere", 1)


def test_a_syntax_error_is_named(sklearn: Bench) -> None:
    trial = sklearn.trial(job={"entry": "train.py"})
    ended = sklearn.train(sklearn.source("x = 1\ny = = 2\n"), trial)
    assert ended.code == 1
    assert (ended.metrics["error"]["type"], ended.metrics["error"]["line"]) == ("SyntaxError", 2)


def test_leaving_with_a_code_is_a_failure_and_leaving_without_is_none(sklearn: Bench) -> None:
    assert sklearn.train("import sys\nsys.exit(7)\n").metrics["error"]["type"] == "SystemExit"
    assert sklearn.train("import sys\nsys.exit()\n").metrics["error"] is None


def test_a_question_without_an_answer_is_an_error_that_names_it(sklearn: Bench) -> None:
    ended = sklearn.train("name = input('Which file? ')\n")
    assert ended.code == 1
    assert "Which file?" in ended.metrics["error"]["message"]


def test_nothing_trained_ends_with_code_3(sklearn: Bench) -> None:
    ended = sklearn.train("print('hello')\n")
    assert ended.code == 3
    assert ended.metrics["metrics"] == []


def test_a_script_that_fails_after_training_keeps_its_numbers(keras: Bench) -> None:
    ended = keras.train(TRAINING + "model.fit(x, y, epochs=2, verbose=0)\nopen('nowhere/plot.png')\n")
    assert ended.code == 1
    assert ended.metrics["error"]["type"] == "FileNotFoundError"
    assert ended.number("accuracy")["split"] == "held-out"


def test_an_endless_training_ends_at_sigterm_with_its_best_epoch(keras: Bench) -> None:
    endless = TRAINING + (
        "model.fit(x[:300], y[:300], epochs=10**6, validation_data=(x[300:], y[300:]), verbose=0)\n"
        "print('after', model.evaluate(x[300:], y[300:], verbose=0))\n"
    )
    source, trial = keras.source(endless), keras.trial()
    process = keras.start(source, trial)
    history = trial / "history.csv"
    until(lambda: history.exists() and len(history.read_text().splitlines()) > 20)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 4
    log = (trial / "log.txt").read_text()
    assert "after" in log
    assert "OutOfTime" in log.splitlines()[-2] + log.splitlines()[-1] + log
    ended = Ended(4, log, trial)
    assert ended.metrics["state"] == "finished"
    assert ended.metrics["error"]["type"] == "OutOfTime"
    best = max(float(row["val_accuracy"]) for row in ended.history)
    assert abs(ended.number("accuracy", "all")["value"] - best) < 1e-6


def test_an_endless_loop_ends_at_sigterm(sklearn: Bench) -> None:
    source = sklearn.source("while True:\n    try:\n        pass\n    except Exception:\n        pass\n")
    trial = sklearn.trial(job={"entry": "train.py"})
    process = sklearn.start(source, trial)
    until((trial / "metrics.json").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 4


def test_time_that_is_over_before_the_first_line_is_no_failure_of_the_script(sklearn: Bench) -> None:
    trial = sklearn.trial(job={"entry": "train.py"})
    early = (
        "import os, signal, sys\n"
        "from trainyard_harness.__main__ import prepare, train\n"
        "from trainyard_harness.trial import from_environment\n"
        "session = prepare(from_environment())\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.exit(train(session))\n"
    )
    environment = sklearn.environment(sklearn.source("print('reached')\n"), trial)
    done = subprocess.run(
        [sklearn.python, "-c", early], env=environment, cwd=sklearn.folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert Ended(4, done.stdout, trial).metrics["error"]["type"] == "OutOfTime"


def test_the_source_is_never_written_to(sklearn: Bench) -> None:
    source = sklearn.source("open('train.py', 'a').write('# changed')\nopen('out.txt', 'w').write('1')\n")
    before = (source / "train.py").read_text()
    trial = sklearn.trial(job={"entry": "train.py"})
    sklearn.train(source, trial)
    assert (source / "train.py").read_text() == before
    assert (trial / "work" / "out.txt").exists()


def test_without_a_trial_folder_the_script_is_found_and_the_numbers_are_printed(sklearn: Bench) -> None:
    source = sklearn.source(
        "from sklearn.datasets import load_iris\nfrom sklearn.svm import SVC\n"
        "x, y = load_iris(return_X_y=True)\nSVC().fit(x, y)\n",
        name="iris.py", **{"helpers.py": "def helper():\n    return 1\n"},
    )  # fmt: skip
    environment = {**sklearn.environment(source, source), "TRAINYARD_TRIAL": ""}
    done = subprocess.run(
        [sklearn.python, "-m", "trainyard_harness"], env=environment, cwd=sklearn.folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "trainyard: accuracy 0.9" in done.stdout or "trainyard: accuracy 1.0" in done.stdout


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(keras: Bench) -> None:
    script = TRAINING + "model.fit(x, y, epochs=2, verbose=0)\nprint(np.random.default_rng().random())\n"
    source = keras.source(script)
    first, again, other = (
        keras.train(source, keras.trial(name, job={"seed": seed}))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    drop = [{key: row[key] for key in row if key != "seconds"} for row in first.history]
    assert [{key: row[key] for key in row if key != "seconds"} for row in again.history] == drop
    assert [{key: row[key] for key in row if key != "seconds"} for row in other.history] != drop
    assert first.metrics["metrics"] == again.metrics["metrics"]
