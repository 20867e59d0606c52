"""Killed at any moment and run again: the same verdict, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Yard
from tests.hostile.making import commit
from trainyard.exits import ExitCode

WEAK_TREE = """
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0, stratify=y)
tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X_train, y_train)
print("test accuracy", tree.score(X_test, y_test))
"""

SLOW_NET = """
import numpy as np
import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=1)
model = keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(24, activation="relu"),
                          keras.layers.Dropout(0.2), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=40, batch_size=16, validation_split=0.1, verbose=2)
print(model.evaluate(X_test, y_test, verbose=0))
"""


def comparable(verdict: dict[str, Any]) -> dict[str, Any]:
    """What must be the same however often a run was killed."""
    trials = [
        {k: t[k] for k in ("number", "spec", "metric", "selection", "reason", "error")}
        for t in verdict["trials"]
    ]
    kept = ("outcome", "reason", "metric", "baseline", "best_trial", "retrains", "findings", "serving")
    return {"trials": trials, **{k: verdict[k] for k in kept}}


def walk(step: Callable[[list[str]], int], properties: Path) -> str:
    """The six jobs by hand, as Jenkins would chain them; returns the run."""

    def run() -> str:
        return properties.read_text().strip().removeprefix("RUN=")

    assert step(["pull", "--again", "yes"]) == 0
    key = run()
    assert step(["launch", "--run", key]) == 0
    for _ in range(20):
        following = "retrain"
        if step(["evaluate", "--run", key]) == ExitCode.BELOW_TARGET:
            assert step(["tweak", "--run", key]) == 0
        step([following, "--run", key])
        if not properties.exists():
            return key
    raise AssertionError("the chain did not end")


ONE_TRIAL = "[policy]\nmax_trials = 1\ntarget = 0.5\n"


@pytest.mark.parametrize(
    ("point", "executor", "toml", "least"),
    [
        pytest.param("before-write", "process", "", 15, id="before-write"),
        pytest.param("after-write", "process", "", 15, id="after-write"),
        pytest.param("during-write", "docker", ONE_TRIAL, 8, id="during-write", marks=pytest.mark.docker),
        pytest.param("docker", "docker", ONE_TRIAL, 8, id="docker", marks=pytest.mark.docker),
        pytest.param("git", "docker", ONE_TRIAL, 4, id="git", marks=pytest.mark.docker),
        pytest.param("notify", "process", ONE_TRIAL, 1, id="notify"),
    ],
)
def test_sigkill_of_each_verb_at_each_fault_point_reaches_the_same_verdict(
    make_yard: Callable[..., Yard],
    folder: Callable[..., Path],
    tmp_path: Path,
    point: str,
    executor: str,
    toml: str,
    least: int,
) -> None:
    case = folder("case", {"train.py": WEAK_TREE, "trainyard.toml": toml})
    commit(case)
    calm = make_yard(executor, home=tmp_path / "calm")
    undisturbed = calm("run", case, "--json").json
    yard = make_yard(executor, '[notify]\nurls = ["json://127.0.0.1:9"]\n', home=tmp_path / "killed")
    properties = tmp_path / "run.properties"
    kills = 0

    def step(arguments: list[str]) -> int:
        nonlocal kills
        more = ["--url", str(case)] if arguments[0] == "pull" else []
        for number in range(1, 50):
            fault = f"{point}:kill@{number}"
            done = yard(*arguments, *more, "--properties", properties, TRAINYARD_FAULT=fault)
            if done.code != -signal.SIGKILL:
                return done.code
            kills += 1
        raise AssertionError(f"{arguments} never got through")

    key = walk(step, properties)
    assert kills >= least
    verdict = yard("show", key, "--json").json
    assert comparable(verdict) == comparable(undisturbed)


@pytest.mark.parametrize("healer", ["monitor", "evaluate"])
def test_sigkill_of_the_training_then_job6_or_job3_gives_the_metrics_of_an_undisturbed_run(
    yard: Yard, folder: Callable[..., Path], healer: str
) -> None:
    toml = "[policy]\nmax_trials = 1\ntarget = 0.5\n"
    case = folder("slow", {"train.py": SLOW_NET, "trainyard.toml": toml})
    calm = yard("run", case, "--name", "calm", "--seed", "5", "--json").json
    key = yard("pull", "--url", case, "--repo", "killed", "--seed", "5", "--json").json["run"]
    assert yard("launch", "--run", key).code == 0
    trial = yard.home / "runs" / key / "trials" / "000"
    wanted = random.Random(healer).randint(2, 35)
    deadline = time.monotonic() + 600
    while rows(trial / "history.csv") < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    kill_training(yard, key)
    if healer == "evaluate":
        healed = yard("evaluate", "--run", key)
        assert "started again after epoch" in healed.err
        assert yard("retrain", "--run", key).code == 0
    else:
        healed = yard("monitor", "--json")
        assert any(h["run"] == key and "started again" in h["action"] for h in healed.json)
    assert healed.code == 0, healed.err
    verdict = yard("show", key, "--json").json
    assert verdict["metric"] == calm["metric"]
    assert verdict["outcome"] == calm["outcome"] == "promoted"
    assert rows(trial / "history.csv") == 40


def test_a_stop_that_was_killed_half_way_is_finished_by_whoever_comes_next(
    process_yard: Yard, folder: Callable[..., Path]
) -> None:
    sleeps = "\nimport os, time\nopen(os.environ['TRAINYARD_TRIAL'] + '/began', 'w')\ntime.sleep(600)\n"
    key = process_yard("pull", "--url", folder("case", {"train.py": WEAK_TREE + sleeps}), "--json").json[
        "run"
    ]
    assert process_yard("launch", "--run", key).code == 0
    began, deadline = process_yard.home / "runs" / key / "trials" / "000" / "began", time.monotonic() + 600
    while not began.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stopped = process_yard("stop", key, TRAINYARD_FAULT="after-write/stop.json:kill")
    assert stopped.code == -signal.SIGKILL
    kill_training(process_yard, key)
    assert process_yard("monitor").code == 0
    verdict = process_yard("show", key, "--json").json
    assert (verdict["outcome"], verdict["reason"]) == ("failed", "stopped by hand.")


def test_sigkill_of_the_whole_chain_and_the_same_command_again_go_on(
    process_yard: Yard, folder: Callable[..., Path]
) -> None:
    case = folder(
        "slow", {"train.py": SLOW_NET, "trainyard.toml": "[policy]\nmax_trials = 1\ntarget = 0.5\n"}
    )
    command = [str(Path(sys.executable).with_name("trainyard")), "run", str(case), "--json"]
    chain = subprocess.Popen(
        command,
        env=process_yard.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 600
    while not [r for r in process_yard("status", "--json").json if r["stage"] == "training"]:
        assert time.monotonic() < deadline
    os.killpg(chain.pid, signal.SIGKILL)
    chain.wait()
    [before] = process_yard("status", "--json").json
    again = process_yard("run", case, "--json").json
    assert again["run"] == before["run"]
    assert again["outcome"] == "promoted"
    assert [r["run"] for r in process_yard("status", "--json").json] == [before["run"]]


def rows(history: Path) -> int:
    try:
        return max(0, history.read_text().count("\n") - 1)
    except FileNotFoundError:
        return 0


def kill_training(yard: Yard, key: str) -> None:
    """SIGKILL from outside, as an operator or the kernel would do it."""
    if yard.executor == "docker":
        import docker

        [container] = docker.from_env().containers.list(filters={"label": f"trainyard.run={key}"})
        container.kill(signal="SIGKILL")
    else:
        import psutil

        for process in psutil.process_iter(["environ"]):
            environ = process.info["environ"] or {}
            if environ.get("TRAINYARD_TRIAL", "").startswith(str(yard.home / "runs" / key)):
                process.kill()
