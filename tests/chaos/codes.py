"""What the chaos test trains, and the evidence that its trainings leave of each round they made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Yard
from tests.integration.test_kill import WEAK_TREE
from tests.integration.watch_yard import git

PUSHES = 60
"""Repositories that the watcher is told of, one a push."""
PAUSE = 0.2
CONFIG = f"""
[limits]
memory = "1g"
cpus = 1.0
[policy]
max_minutes = 60
[healing]
deaths = 1000
pause = {PAUSE}
[patch]
enabled = false
"""

ROUNDS = 40
# Each round is noted in the trial's folder, which no dying engine loses, with the newest checkpoint by then.
_BOOSTED = f"""
import os
import re
import time
import numpy as np
import xgboost as xgb
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
TRIAL = os.environ["TRAINYARD_TRIAL"]
def note(line):
    with open(TRIAL + "/rounds", "a") as file:
        file.write(line + "\\n")
def saved():
    names = os.listdir(TRIAL + "/checkpoint")
    return max([0, *(int(n[9:21]) for n in names if re.fullmatch(r"fit-\\d{{4}}-\\d{{12}}[.]ckpt", n))])
note("attempt")
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=SEED)
class Slow(xgb.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        note(f"{{epoch}} {{saved()}}")
        time.sleep(0.15)
        return False
model = xgb.train(
    dict(objective="multi:softmax", num_class=10, max_depth=2, eta=0.3, seed=SEED),
    xgb.DMatrix(X_train, y_train), num_boost_round={ROUNDS}, callbacks=[Slow()],
)
print(accuracy_score(y_test, model.predict(xgb.DMatrix(X_test))))
"""
CODES = {
    "tree": WEAK_TREE,
    "boosted-1": _BOOSTED.replace("SEED", "1"),
    "boosted-2": _BOOSTED.replace("SEED", "2"),
}


@dataclass(frozen=True)
class Rounds:
    """What a trial's attempts trained together."""

    last: int
    """The last round, counted from 0; -1 where there was none."""
    trained: int
    repeats: list[int]
    """Rounds trained again, for each attempt that went on after another."""


def rounds_of(trial: Path) -> Rounds:
    """Reads a trial's evidence.

    Raises:
        AssertionError: a round was lost, or trained again though a checkpoint held it, or by two at once.
    """
    evidence = trial / "rounds"
    text = evidence.read_text() if evidence.exists() else ""
    last, held, trained, repeats = -1, 0, 0, []
    for attempt in text.split("attempt\n"):
        pairs = [(int(number), int(saved)) for number, saved in re.findall(r"^(\d+) (\d+)$", attempt, re.M)]
        if not pairs:
            continue
        rounds = [number for number, _ in pairs]
        first = rounds[0]
        assert rounds == list(range(first, rounds[-1] + 1)), f"{trial}: two at once: rounds {rounds}"
        assert first <= last + 1, f"{trial}: rounds {last + 1} to {first - 1} were lost"
        assert first >= held, f"{trial}: rounds from {first} on again, though {held} were checkpointed"
        trained += len(rounds)
        repeats += [last + 1 - first] if last >= 0 else []
        last = max(last, rounds[-1])
        held = max(held, *(saved for _, saved in pairs))
    return Rounds(last, trained, repeats)


def made(folder: Path) -> Yard:
    """A state home, its configuration, and the repositories below `folder`."""
    home = folder / "home"
    home.mkdir()
    (home / "config.toml").write_text(CONFIG)
    watched = ""
    for number in range(PUSHES):
        bare = folder / "codes" / f"pushed-{number:03d}"
        git("init", "--quiet", "--bare", "--initial-branch=main", bare)
        watched += f'[[repos]]\nname = "{bare.name}"\nurl = "{bare}"\n'
    (home / "watch.toml").write_text(watched)
    for name, code in CODES.items():
        repository = folder / "codes" / name
        repository.mkdir(parents=True)
        (repository / "train.py").write_text(code)
        git("init", "--quiet", cwd=repository)
        git("add", "--all", cwd=repository)
        git("commit", "--quiet", "--message", "x", cwd=repository)
    return Yard(home, "docker")
