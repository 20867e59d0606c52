"""What Prometheus is told, and the dashboard that asks for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from trainyard.home import Home
from trainyard.policy import Policy
from trainyard.runs import store
from trainyard.runs.files import SCHEMA, Outcome, Spec, Stage
from trainyard.runs.state import Attempt, RunState, TrialState, timestamp
from trainyard.serve import metrics as serve
from trainyard.watch.metrics import Metrics

DASHBOARD = Path(__file__).resolve().parents[3] / "roles" / "trainyard" / "files" / "grafana.json"


def samples(metrics: Metrics | serve.Metrics) -> dict[tuple[str, str], float]:
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


def run_of(home: Home, stage: Stage, outcome: Outcome | None, attempts: int) -> None:
    made = [Attempt(name=f"a{n}", started=timestamp(), ended=timestamp()) for n in range(attempts)]
    state = RunState(
        schema=SCHEMA, id=store.new_id("abc"), repo="r", url="u", branch="main", commit="abc",
        policy=Policy(), seed=0, executor="process", stage=stage, created=timestamp(), updated=timestamp(),
        outcome=outcome, trials=[TrialState(spec=Spec(schema=SCHEMA, trial=0), attempts=made)],
    )  # fmt: skip
    run = store.create(home, state)
    if attempts > 1:
        folder = run.trial(0).path
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text('{"schema": 1, "state": "finished", "resumed_from_epoch": 7}')


def test_runs_are_counted_by_state_with_their_trials_restarts_and_resumed_epochs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    run_of(home, Stage.TRAINING, None, 1)
    run_of(home, Stage.FINISHED, Outcome.PROMOTED, 3)
    (tmp_path / "runs" / "r" / "torn").mkdir()
    found = samples(Metrics(home, lambda: 5, lambda: (2, 1)))
    assert found["trainyard_runs", "training"] == found["trainyard_runs", "promoted"] == 1
    assert found["trainyard_runs", "unreadable"] == 1 and found["trainyard_runs", "refused"] == 0
    assert found["trainyard_trials", ""] == 2
    assert found["trainyard_restarts", ""] == 2 and found["trainyard_resumed_epochs", ""] == 7
    assert found["trainyard_pushes_waiting", ""] == 5 and found["trainyard_remotes_failing", ""] == 1


def test_the_dashboard_asks_only_for_metrics_that_exist(tmp_path: Path) -> None:
    metrics = Metrics(Home(tmp_path), lambda: 0, lambda: (0, 0))
    for counter, labels in (
        (metrics.polls, ["ok"]), (metrics.triggers, ["job1", "ok"]), (metrics.webhooks, ["started"]),
        (metrics.latency, ["poll"]),
    ):  # fmt: skip
        counter.labels(*labels)
    served = serve.Metrics(lambda: [])
    served.requests.labels("r", "200")
    served.seconds.labels("r")
    there = {name for one in (metrics, served) for name, _ in samples(one)}
    there.add("trainyard_serve_restarts_total")  # it has a row for each served model
    asked = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            asked |= set(re.findall(r"\btrainyard_\w+", target["expr"]))
    assert asked and asked <= there
    docs = DASHBOARD.parents[3] / "docs" / "reference"
    documented = (docs / "watch.md").read_text() + (docs / "serving.md").read_text()
    for name in asked:
        stem = re.sub(r"_bucket$", "", name)
        assert stem in documented or "trainyard_watch_process_" in stem, name
