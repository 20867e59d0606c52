"""The moves hold what they promise, in Keras 3 and Keras 2; moves_checks.py has the promises one by one."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.harness.conftest import HARNESS, Bench
from trainyard.tweak import capacity
from trainyard.tweak.network import Network

CHECKS = Path(__file__).with_name("moves_checks.py")
NAMES = [
    node.name
    for node in ast.parse(CHECKS.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="module", params=["keras", "keras2"])
def answers(
    request: pytest.FixtureRequest,
    interpreter: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """What each check said, all made by one process: importing TensorFlow takes longer than they do."""
    done = subprocess.run(
        [interpreter(request.param), str(CHECKS), str(tmp_path_factory.mktemp("parents"))],
        env={**os.environ, "PYTHONPATH": str(HARNESS), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.stdout.strip(), done.stderr[-3000:]
    found: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.mark.parametrize("promise", NAMES)
def test_move(promise: str, answers: dict[str, str]) -> None:
    assert answers[promise] == "ok", answers[promise]


def test_a_torch_script_begins_at_the_rate_that_was_asked_for(bench: Callable[[str], Bench]) -> None:
    torch = bench("pytorch")
    moves = [{"kind": "learning_rate", "args": {"learning_rate": 0.004}, "reason": ""}]
    trial = torch.trial(spec={"trial": 1, "parent": None, "moves": moves})
    ended = torch.train((Path(__file__).parent / "scripts" / "t_prints_nothing.py").read_text(), trial)
    ended.clean()
    assert ended.architecture["compile"]["optimizer"]["config"]["learning_rate"] == 0.004


CHAIN = """
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from torch import nn

    images, digits = load_digits(return_X_y=True)
    images = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    X_train, X_test, y_train, y_test = train_test_split(images, torch.tensor(digits), random_state=0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2))
            self.hidden = nn.Linear(in_features=2 * 9, out_features=3)
            self.out = nn.Linear(3, 10)

        def forward(self, x):
            return self.out(torch.relu(self.hidden(self.body(x).flatten(1))))

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X_train), y_train).backward()
        optimizer.step()
    with torch.no_grad():
        print("test accuracy", (model(X_test).argmax(1) == y_test).float().mean().item())
"""


def test_the_layers_of_a_torch_script_are_widened_as_it_makes_them(bench: Callable[[str], Bench]) -> None:
    torch = bench("pytorch")
    source = torch.source(CHAIN)
    plain = torch.train(source, torch.trial("plain"))
    (wider,) = capacity.rechained(Network(plain.architecture))
    spec = {"trial": 1, "parent": None, "moves": [msgspec.to_builtins(wider)]}
    ended = torch.train(source, torch.trial("wider", spec=spec))
    ended.clean()
    sizes = {
        one["name"]: one["made"]["sizes"] for one in ended.architecture["layers"] if one["made"] is not None
    }
    assert sizes == {"body.0": [1, 16], "body.1": [16], "hidden": [144, 64], "out": [64, 10]}
    assert ended.number("accuracy")["value"] > plain.number("accuracy")["value"] + 0.1


PIPELINE = """
    import numpy as np
    from sklearn.datasets import make_classification
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.decomposition import PCA
    from sklearn.svm import SVC

    X, y = make_classification(400, 8, n_informative=5, random_state=1)
    X = np.column_stack([X, 1000 * np.random.default_rng(0).normal(size=400)])
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=2)
    model = make_pipeline(PCA(9), SVC(C=0.01))
    model.fit(X_train, y_train)
    print("accuracy", model.score(X_test, y_test))
"""


def test_a_pipelines_last_step_is_set_and_scaled(sklearn: Bench) -> None:
    moves = [
        {"kind": "set_params", "args": {"params": {"svc__C": 10.0, "svc__nonsense": 1}}, "reason": ""},
        {"kind": "scale_inputs", "args": {}, "reason": ""},
    ]
    trial = sklearn.trial(spec={"trial": 1, "parent": None, "moves": moves})
    ended = sklearn.train(PIPELINE, trial)
    ended.clean()
    steps = ended.architecture["estimator"]["steps"]
    assert [one["class"].rsplit(".", 1)[-1] for one in steps] == ["PCA", "StandardScaler", "SVC"]
    assert steps[-1]["params"]["C"] == 10.0
    assert "nonsense" in ended.notes


def test_an_estimator_is_scaled_by_a_pipeline_around_it(sklearn: Bench) -> None:
    script = PIPELINE.replace("make_pipeline(PCA(9), SVC(C=0.01))", "SVC(C=0.5)")
    plain = sklearn.train(script, sklearn.trial("plain"))
    moves = [{"kind": "scale_inputs", "args": {}, "reason": ""}]
    trial = sklearn.trial("scaled", spec={"trial": 1, "parent": None, "moves": moves})
    ended = sklearn.train(script, trial)
    ended.clean()
    assert ended.number("accuracy")["value"] > plain.number("accuracy")["value"] + 0.1


CIRCLES = """
    from sklearn.datasets import make_circles
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    X, y = make_circles(400, noise=0.05, factor=0.4, random_state=0)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = LogisticRegression()
    model.fit(X_train, y_train)
    print("accuracy", model.score(X_test, y_test))
"""


def test_products_of_features_bend_a_linear_border(sklearn: Bench) -> None:
    moves = [{"kind": "expand_inputs", "args": {"degree": 2}, "reason": ""}]
    ended = sklearn.train(CIRCLES, sklearn.trial(spec={"trial": 1, "parent": None, "moves": moves}))
    ended.clean()
    assert ended.number("accuracy")["value"] > 0.95


CORRELATED = """
    import numpy as np
    from sklearn.model_selection import train_test_split
    from sklearn.naive_bayes import GaussianNB

    random = np.random.RandomState(0)
    y = random.randint(0, 2, 600)
    hidden = random.normal(size=(600, 1)) * 4
    X = hidden + np.where(y, 1, -1)[:, None] * [0.5, -0.5] + 0.2 * random.normal(size=(600, 2))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = GaussianNB().fit(X_train, y_train)
    print("accuracy", model.score(X_test, y_test), model.theta_.shape)
"""


def test_components_part_what_features_one_by_one_do_not(sklearn: Bench) -> None:
    plain = sklearn.train(CORRELATED, sklearn.trial("plain"))
    assert plain.number("accuracy")["value"] < 0.8
    moves = [{"kind": "decorrelate_inputs", "args": {}, "reason": ""}]
    trial = sklearn.trial("parted", spec={"trial": 1, "parent": None, "moves": moves})
    ended = sklearn.train(CORRELATED, trial)
    ended.clean()
    assert ended.number("accuracy")["value"] > 0.95


SEARCHED = """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
    asked = {{"svc__gamma": [1.0, 10.0]}}
    model = {}(make_pipeline(SVC()), asked, cv=3)
    model.fit(X_train[:500], y_train[:500])
    print("accuracy", model.score(X_test, y_test), model.best_params_)
"""


@pytest.mark.parametrize(
    ("search", "key"), [("GridSearchCV", "param_grid"), ("RandomizedSearchCV", "param_distributions")]
)
def test_a_search_looks_at_values_that_moves_name(search: str, key: str, sklearn: Bench) -> None:
    extra = ", n_iter=1" if search == "RandomizedSearchCV" else ""
    script = SEARCHED.format(search).replace("cv=3", f"cv=3{extra}")
    moves = [{"kind": "set_params", "args": {"params": {"estimator__svc__gamma": 0.001}}, "reason": ""}]
    trial = sklearn.trial(spec={"trial": 1, "parent": None, "moves": moves})
    ended = sklearn.train(script, trial)
    ended.clean()
    assert ended.number("accuracy")["value"] > 0.95
    assert 0.001 in ended.architecture["estimator"]["params"][key]["svc__gamma"]
    assert ended.architecture["estimator"]["inner"]["steps"][-1]["params"]["gamma"] == 0.001


BOOSTED = {
    "xgboost": """
        import xgboost as lib
        params = {"objective": "multi:softprob", "num_class": 10, "max_depth": 1, "eta": 0.05}
        booster = lib.train(params, lib.DMatrix(X_train, label=y_train), 2)
        rows = lib.DMatrix(X_test)
    """,
    "lightgbm": """
        import lightgbm as lib
        params = {"objective": "multiclass", "num_class": 10, "num_iterations": 2, "max_depth": 1}
        booster = lib.train(params, lib.Dataset(X_train, y_train))
        rows = X_test
    """,
}
SPLIT = """
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
"""


@pytest.mark.parametrize("library", BOOSTED)
def test_boosters_of_the_libraries_own_interfaces_are_set(
    library: str, bench: Callable[[str], Bench]
) -> None:
    lab = bench("boosting")
    said = '        print("accuracy", (booster.predict(rows).argmax(1) == y_test).mean())\n'
    script = lab.source(f"{SPLIT}{BOOSTED[library].strip(chr(10))}\n{said}")
    plain = lab.train(script, lab.trial("plain"))
    params = {"num_boost_round": 40, "learning_rate": 0.3, "max_depth": 4}
    moves = [{"kind": "set_params", "args": {"params": params}, "reason": ""}]
    ended = lab.train(script, lab.trial("set", spec={"trial": 1, "parent": None, "moves": moves}))
    ended.clean()
    told = [one.architecture["estimator"]["params"] for one in (plain, ended)]
    assert [one["num_boost_round"] for one in told] == [2, 40]
    assert told[1]["learning_rate"] == 0.3
    assert ended.number("accuracy")["value"] > plain.number("accuracy")["value"] + 0.1
