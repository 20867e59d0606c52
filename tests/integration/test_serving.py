"""Champions over HTTP: promoted through the real chain, killed, replaced, hostile."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from tests.conftest import COMMAND, Yard

CONFIG = """
[limits]
memory = "1g"
cpus = 1.0
pids = 64
[healing]
deaths = 2
pause = 0.1
[policy]
max_trials = 1
"""

TREE = """
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0, stratify=y)
tree = DecisionTreeClassifier(max_depth={depth}, random_state=0).fit(X_train, y_train)
print("test accuracy", tree.score(X_test, y_test))
"""

NET = """
import keras
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1, stratify=y)
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, activation="relu"),
                          keras.layers.Dense(3, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=2, verbose=2)
print(model.evaluate(X_test, y_test, verbose=0))
"""

WINE = [13.2, 1.8, 2.1, 11.2, 100.0, 2.7, 2.8, 0.3, 1.3, 4.4, 1.05, 3.4, 1050.0]
IRIS = [5.1, 3.5, 1.4, 0.2]
SAMPLES = {"trees": WINE, "net": IRIS}


def until(true: Callable[[], Any]) -> Any:
    """Waits for `true`, whatever else the machine has to do; looks seldom, as looking costs."""
    deadline = time.monotonic() + 300
    while not (value := true()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return value


class Service:
    """`trainyard serve` of a yard, as a process."""

    def __init__(self, yard: Yard) -> None:
        self.yard, self.starts = yard, 0
        self.start()

    def start(self) -> None:
        self.log = (self.yard.home / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [str(COMMAND), "serve", "--listen", "127.0.0.1:0"], env=self.yard.environment(), stderr=self.log
        )
        until(lambda: self.process.poll() is not None or self.said("answering listen=") > self.starts)
        assert self.process.poll() is None, (self.yard.home / "serve.log").read_text()
        self.starts += 1

    def said(self, words: str) -> int:
        """How often it said that."""
        return (self.yard.home / "serve.log").read_text().count(words)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait()
        self.log.close()

    def configure(self, text: str) -> None:
        times = self.said("configuration read again")
        (self.yard.home / "config.toml").write_text(text)
        until(lambda: self.said("configuration read again") > times)

    def get(self, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        listen = (self.yard.home / "serve.log").read_text().rpartition("answering listen=")[2].split()[0]
        try:
            with urllib.request.urlopen(f"http://{listen}{path}", body, timeout=300) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def ask(self, repo: str, sample: list[float]) -> tuple[int, Any]:
        return self.get(f"/v1/models/{repo}:predict", json.dumps({"instances": [sample]}).encode())

    def answers(self, repo: str, sample: list[float]) -> Any:
        """Waits for an answer that is one."""

        def answered() -> Any:
            status, answer = self.ask(repo, sample)
            return answer if status == 200 else None

        return until(answered)

    def model(self, repo: str) -> dict[str, Any]:
        """What it shows of that repo; empty where it is not served."""
        view = json.loads((self.yard.home / "serve" / "status.json").read_text())
        return next((model for model in view["models"] if model["repo"] == repo), {})


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Two promoted repos, `trees` and `net`, on Docker."""
    made = Yard(tmp_path_factory.mktemp("serving"), "docker")
    (made.home / "config.toml").write_text(CONFIG)
    for name, text, target in (("trees", TREE.format(depth=2), 0.5), ("net", NET, 0.1)):
        run = promote(made, name, text, target)
        assert run["serving"], run
    return made


@pytest.fixture(scope="module")
def served(yard: Yard) -> Iterator[Service]:
    service = Service(yard)
    yield service
    service.kill(signal.SIGTERM)
    assert containers(yard) == []


def promote(yard: Yard, name: str, text: str, target: float) -> Any:
    code = yard.home / "code" / name
    code.mkdir(parents=True, exist_ok=True)
    (code / "train.py").write_text(text)
    return yard("run", code, "--policy", f"target={target},floor=0.05", "--json").json


def containers(yard: Yard) -> list[Any]:
    """What the engine says of this yard's, by their repos."""
    with docker.APIClient(version="auto") as api:
        found = api.containers(all=True, filters={"label": f"trainyard.home={yard.home}"})
        return [api.inspect_container(one["Id"]) for one in found]


def states(yard: Yard) -> list[tuple[str, str]]:
    """Repo and state of each container."""
    return sorted(
        (one["Config"]["Labels"]["trainyard.serve"], one["State"]["Status"]) for one in containers(yard)
    )


@pytest.mark.docker
def test_champions_answer_in_the_shape_of_tensorflow_serving(served: Service) -> None:
    tree = served.answers("trees", WINE)
    assert tree["predictions"] in ([0], [1], [2])
    net = served.answers("net", IRIS)
    [scores] = net["scores"]
    assert len(scores) == 3 and net["predictions"] == [scores.index(max(scores))]
    status, state = served.get("/v1/models/net")
    assert (status, state["model_version_status"][0]["state"]) == (200, "AVAILABLE")
    status, known = served.get("/v1/models/trees/metadata")
    [tensor] = known["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"].values()
    assert [dim["size"] for dim in tensor["tensor_shape"]["dim"]] == ["-1", "13"]


@pytest.mark.docker
def test_what_is_no_question_is_refused_with_the_reason_in_json(served: Service) -> None:
    served.answers("trees", WINE)
    many, deep = b"[1]," * 10_000 + b"[1]", b"[" * 900 + b"]" * 900
    cases = [
        (404, "/v1/models/nobody", None, "nobody: has no run yet."),
        (404, "/v1/models/..%2f..:predict", b"{}", "cannot be a repo's name"),
        (400, "/v1/models/trees:predict", b"{", "not JSON"),
        (400, "/v1/models/trees:predict", b'{"instances": []}', "1 to 10000 are answered"),
        (413, "/v1/models/trees:predict", b'{"instances": [' + many + b"]}", "10001 samples"),
        (413, "/v1/models/trees:predict", b" " * (16 * 2**20 + 1), "exceeded"),
        (400, "/v1/models/trees:predict", b'{"instances": [[1, 2]]}', "takes samples of 13"),
        (400, "/v1/models/trees:predict", b'{"instances": [' + deep + b"]}", ""),
        (404, "/elsewhere", None, "Not Found"),
    ]
    for wanted, path, body, said in cases:
        status, answer = served.get(path, body)
        assert (status, said in answer["error"]) == (wanted, True), (path, answer)
    assert served.ask("trees", WINE)[0] == 200


@pytest.mark.docker
def test_its_sandbox_is_a_trainings_without_any_network_or_writable_folder(served: Service) -> None:
    served.answers("trees", WINE)
    for one in containers(served.yard):
        host = one["HostConfig"]
        assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == ("none", True, ["ALL"])
        assert (host["Memory"], host["PidsLimit"]) == (2**30, 64)
        assert one["Config"]["User"] and not one["Config"]["User"].startswith("0")
        assert {mount["Destination"]: mount["RW"] for mount in one["Mounts"]} == {
            "/src": False,
            "/parent": False,
        }


@pytest.mark.docker
def test_containers_that_are_killed_come_back_with_the_champions(served: Service) -> None:
    before = {repo: served.answers(repo, sample) for repo, sample in SAMPLES.items()}
    workers = {repo: until(lambda repo=repo: served.model(repo)["worker"]) for repo in SAMPLES}
    with docker.APIClient(version="auto") as api:
        for worker in workers.values():
            api.kill(f"trainyard-{worker}")
    for repo, sample in SAMPLES.items():
        until(lambda repo=repo: served.model(repo)["worker"] not in (None, workers[repo]))
        assert served.model(repo)["restarts"] >= 1
        assert served.answers(repo, sample) == before[repo]
    assert served.said("SIGKILL") >= 2
    until(lambda: states(served.yard) == [("net", "running"), ("trees", "running")])


@pytest.mark.docker
def test_a_repo_that_is_taken_out_of_the_configuration_is_served_no_longer(served: Service) -> None:
    served.answers("net", IRIS)
    served.configure(CONFIG + '[serving]\nrepos = ["trees"]\n')
    until(lambda: served.ask("net", IRIS)[0] == 404)
    assert "not among [serving] repos" in served.ask("net", IRIS)[1]["error"]
    until(lambda: states(served.yard) == [("trees", "running")])
    assert served.ask("trees", WINE)[0] == 200


@pytest.mark.docker
def test_a_better_champion_takes_over_without_a_dropped_request(served: Service) -> None:
    served.configure(CONFIG + '[serving]\nrepos = ["trees"]\nseconds = 120\n')
    served.answers("trees", WINE)
    first = served.model("trees")["run"]
    statuses, over = [], threading.Event()

    def ask() -> None:
        while not over.wait(0.05):
            statuses.append(served.ask("trees", WINE)[0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        better = promote(served.yard, "trees", TREE.format(depth=4), 0.5)
        assert better["serving"], better["reason"]
        until(lambda: served.model("trees")["run"] == better["run"])
        until(lambda: len(containers(served.yard)) == 1)
    finally:
        over.set()
        asking.join()
    assert set(statuses) == {200}
    assert not served.yard("show", first, "--json").json["serving"]
    assert "/v1/models/trees:predict" in served.yard("show", better["run"]).out


@pytest.mark.docker
def test_a_service_that_is_killed_leaves_nothing_running_and_its_successor_serves_the_same(
    served: Service,
) -> None:
    served.configure(CONFIG + '[serving]\nrepos = ["trees"]\n')
    before = served.answers("trees", WINE)
    until(lambda: served.model("trees").get("worker"))
    served.kill()
    until(lambda: states(served.yard) == [("trees", "exited")])
    [trouble] = served.yard("monitor", "--json").json
    assert trouble["run"].startswith("trees/") and "the service died" in trouble["action"]
    served.start()
    assert served.answers("trees", WINE) == before
    until(lambda: states(served.yard) == [("trees", "running")])
    until(lambda: served.model("trees").get("state") == "serving")
    assert served.yard("monitor", "--json").json == []


def test_without_an_engine_processes_serve_and_come_back(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard("process", CONFIG)
    assert promote(yard, "trees", TREE.format(depth=3), 0.5)["serving"]
    service = Service(yard)
    try:
        before = service.answers("trees", WINE)
        worker = until(lambda: service.model("trees")["worker"])
        child = json.loads((yard.home / "processes" / worker / "child.json").read_text())
        os.kill(child["pid"], signal.SIGKILL)
        until(lambda: service.model("trees")["worker"] not in (None, worker))
        assert service.answers("trees", WINE) == before
    finally:
        service.kill(signal.SIGTERM)
    assert list((yard.home / "processes").iterdir()) == list((yard.home / "serve").glob("*/*")) == []


HOSTILE = """
import os, time
class Model:
    asked = 0
    def predict(self, x):
        Model.asked += 1
        if Model.asked == 1:
            return __import__("numpy").zeros(len(x), int)  # it seems well
        link = max(fd for fd in range(3, 100) if is_socket(fd))
        {act}
def is_socket(fd):
    try:
        return os.readlink(f"/proc/self/fd/{{fd}}").startswith("socket")
    except OSError:
        return False
"""
ACTS = {
    "garbage": 'os.write(link, bytes([0, 0, 0, 3]) + b"]}["); time.sleep(1); os._exit(7)',
    "endless": 'while True: os.write(link, b"~" * 65536)',
    "hangs": "while True: time.sleep(9999)",
}


class Program:
    """A pickle that runs `text`, and is its `Model`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"(lambda names: (exec({self.text!r}, names), names['Model']())[1])(dict())",)


def crown(yard: Yard, name: str, text: str) -> None:
    """Makes a champion of that name whose model is a program; all else is the tree's."""
    champion = json.loads((yard.home / "champions" / "trees.json").read_text())
    run = yard.home / "runs" / champion["run"]
    forged = yard.home / "runs" / name / run.name
    shutil.copytree(run, forged, symlinks=True)
    model = forged / "trials" / f"{champion['trial']:03d}" / "model"
    (model / "model.skops").unlink()
    (model / "model.pickle").write_bytes(pickle.dumps(Program(text)))
    aside = yard.home / f"{name}.json"
    aside.write_text(json.dumps(champion | {"run": f"{name}/{run.name}"}))
    aside.rename(yard.home / "champions" / aside.name)


@pytest.mark.docker
def test_models_that_answer_garbage_or_without_end_or_never_are_bounded_and_given_up(served: Service) -> None:
    served.configure(CONFIG + f"[serving]\nseconds = 4\nrepos = {json.dumps(['trees', *ACTS])}\n")
    for name, act in ACTS.items():
        crown(served.yard, name, HOSTILE.format(act=act))

    def given_up(name: str) -> bool:
        status, answer = served.ask(name, WINE)
        assert status in (502, 503), answer
        return bool(served.model(name).get("state") == "given up")

    until(lambda: all(served.model(name) for name in ACTS))
    for name in ACTS:
        until(lambda name=name: given_up(name))
        assert "given up after 2 deaths" in served.model(name)["trouble"]
        served.answers("trees", WINE)  # others' models are not held up
    for reason in ("above the limit of", "did not answer within 4 s"):
        assert served.said(reason)
    until(lambda: states(served.yard) == [("trees", "running")])
