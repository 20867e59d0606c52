"""Has an image of the catalogue ready: `images.py build|try NAME`. Prints what it did, `did: nothing` if nothing.

Runs with the installed package's Python as the account that runs the verbs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from trainyard.cli.output import context, say
from trainyard.executors.docker import DockerExecutor
from trainyard.exits import TrainyardError

# A few points and one metric: enough to load the framework, train, measure and save.
SCRIPTS = {
    "base": "print('accuracy: 1.0')\n",
    "sklearn": """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
X, Xt, y, yt = train_test_split(*load_iris(return_X_y=True), random_state=0)
print("accuracy:", LogisticRegression(max_iter=200).fit(X, y).score(Xt, yt))
""",
    "boosting": """
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier
X, Xt, y, yt = train_test_split(*load_iris(return_X_y=True), random_state=0)
print("accuracy:", XGBClassifier(n_estimators=5).fit(X, y).score(Xt, yt))
""",
    "keras": """
import numpy as np
from tensorflow import keras
x = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
y = (x.sum(1) > 0).astype("float32")
m = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
m.compile("adam", "binary_crossentropy", metrics=["accuracy"])
m.fit(x[:150], y[:150], epochs=2, verbose=2)
print("accuracy:", m.evaluate(x[150:], y[150:], verbose=0)[1])
""",
    "pytorch": """
import torch
torch.manual_seed(0)
x = torch.randn(200, 4); y = (x.sum(1) > 0).float()
m = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
o = torch.optim.Adam(m.parameters(), lr=0.05)
for epoch in range(10):
    o.zero_grad(); loss = torch.nn.functional.binary_cross_entropy_with_logits(m(x[:150]).squeeze(1), y[:150]); loss.backward(); o.step()
print("accuracy:", ((m(x[150:]).squeeze(1) > 0).float() == y[150:]).float().mean().item())
""",
}
SCRIPTS["keras2"] = SCRIPTS["keras"]


def ids() -> set[str]:
    """Every image that the engine has."""
    listed = subprocess.run(["docker", "images", "--quiet", "--no-trunc"], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def train(name: str, tag: str) -> None:
    """Trains in the image the way a person would try it: the code at /src, nothing else."""
    with tempfile.TemporaryDirectory(prefix="trainyard-try-") as folder:
        Path(folder).chmod(0o755)
        Path(folder, "train.py").write_text(SCRIPTS[name])
        command = ["docker", "run", "--rm", "--network", "none", "--cap-drop", "ALL", "--memory", "3g",
                   "--volume", f"{folder}:/src:ro,z", tag]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{name}: the image {tag} does not train:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def main() -> None:
    what, name = sys.argv[1:]
    home = context().home.path
    did = []
    before = ids()
    try:
        tag = DockerExecutor(home).prepare(name, None, say)
    except TrainyardError as error:
        sys.exit(f"{name}: {error}")
    if ids() - before:
        did.append("built")
    tried = home / "tried-images" / tag.replace("/", "_").replace(":", "_")
    if what == "try" and not tried.exists():
        train(name, tag)
        tried.parent.mkdir(parents=True, exist_ok=True)
        tried.touch()
        did.append("trained")
    print(f"{name}: {tag}, did: {' and '.join(did) or 'nothing'}")


if __name__ == "__main__":
    main()
