"""What is not needed any more goes, and only that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainyard.config import HostConfig, KeepTable
from trainyard.home import Home
from trainyard.images.unused import Tagged, unused
from trainyard.policy import Policy
from trainyard.runs import state as st
from trainyard.runs import store
from trainyard.runs.atomic import locked
from trainyard.runs.files import Metric, Outcome, Spec, Split, Stage
from trainyard.runs.state import Attempt, RunState, TrialState
from trainyard.runs.store import Run
from trainyard.verbs.context import Context
from trainyard.verbs.finish import Champion
from trainyard.verbs.gc import Item, collect, survey

OLD = "2020-01-01T00:00:00.000Z"
NONE = KeepTable(runs=0, days=0)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return Context(Home(tmp_path), HostConfig(), lambda _: None)


def run(context: Context, name: str, stage: Stage = Stage.FINISHED, image: str = "") -> Run:
    state = RunState(
        schema=1, id=name, repo="digits", url="u", branch="", commit="c", policy=Policy(), seed=0,
        executor="process", stage=stage, created=OLD, updated=OLD, image=image, outcome=Outcome.REFUSED,
        trials=[TrialState(spec=Spec(schema=1, trial=0), attempts=[Attempt(name=f"{name}-a1", started=OLD)])],
    )  # fmt: skip
    made = store.create(context.home, state)
    state.updated = OLD
    st.write(made.path / "run.json", state)
    return made


def crown(context: Context, champion: Run) -> None:
    metric = Metric(name="accuracy", value=0.9, split=Split.TEST, origin="x")
    value = Champion(
        schema=1, run=champion.key, trial=0, commit="c", metric=metric, direction="max", model="m",
        image="v:00000000aaaa", executor="process",
    )  # fmt: skip
    context.home.champion("digits").parent.mkdir()
    st.write(context.home.champion("digits"), value)


def names(items: list[Item], kind: str) -> list[str]:
    return [item.name for item in items if item.kind == kind]


def test_old_runs_go_but_for_the_newest_the_champion_and_those_under_way(context: Context) -> None:
    runs = [run(context, f"2020010{n}T000000Z-a") for n in range(1, 6)]
    under_way = run(context, "20190101T000000Z-a", Stage.TRAINING)
    crown(context, runs[0])
    found = survey(context, KeepTable(runs=2, days=30))
    assert names(found, "run") == [runs[2].key, runs[1].key]
    assert all(each.path.exists() for each in runs)
    assert collect(context, found) == []
    assert store.all_runs(context.home) == [under_way, runs[0], runs[3], runs[4]]
    assert survey(context, KeepTable(runs=2, days=30)) == []


def test_a_young_run_stays_whatever_the_number(context: Context) -> None:
    made = run(context, "20200101T000000Z-a")
    made.save(made.load())  # touched now
    assert survey(context, KeepTable(runs=0, days=1)) == []
    assert names(survey(context, NONE), "run") == [made.key]


def test_a_run_that_is_being_worked_on_is_not_removed(context: Context) -> None:
    made = run(context, "20200101T000000Z-a")
    found = survey(context, NONE)
    with made.lock():
        assert collect(context, found) == found
    assert made.path.exists()


def test_a_removal_that_was_killed_is_finished_by_the_next(context: Context) -> None:
    made = run(context, "20200101T000000Z-a")
    made.path.rename(made.path.with_name(f".gone-{made.path.name}"))
    assert store.all_runs(context.home) == []
    assert collect(context, survey(context, NONE)) == []
    assert list((context.home.runs / "digits").iterdir()) == []


def test_trainings_and_harnesses_of_no_kept_run_go(context: Context) -> None:
    home = context.home.path
    run(context, "20200101T000000Z-a", Stage.TRAINING, image="/venv:00000000bbbb")
    crown(context, run(context, "20200102T000000Z-a"))
    for name in ("processes/20200101T000000Z-a-a1", "processes/over", "harness/00000000aaaa"):
        (home / name).mkdir(parents=True)
    for name in ("harness/00000000bbbb", "harness/00000000cccc"):
        (home / name).mkdir()
    found = survey(context, NONE)
    assert (names(found, "training"), names(found, "harness")) == (["over"], ["00000000cccc"])


def test_environments_of_no_kept_run_go_unless_young_shared_or_stood_on(context: Context) -> None:
    venvs = context.home.path / "venvs"
    for name in ("base-a", "kept", "old", "young"):
        site = venvs / name / "lib" / "python3.11" / "site-packages"
        site.mkdir(parents=True)
        (venvs / name / ".trainyard-ready").touch()
        if name != "young":
            os.utime(venvs / name / ".trainyard-ready", (0, 0))
        if name == "kept":
            (site / "image.pth").write_text(f"{venvs}/base-a/lib/python3.11/site-packages\n")
    crown(context, run(context, "20200102T000000Z-a", image=f"{venvs}/kept:00000000bbbb"))
    found = survey(context, KeepTable(runs=0, days=1))
    assert names(found, "environment") == ["old"]
    assert collect(context, found) == []
    assert {path.name for path in venvs.iterdir()} == {"base-a", "kept", "young"}
    venvs.rename(context.home.path / "elsewhere")
    venvs.symlink_to(context.home.path / "elsewhere")
    assert names(survey(context, NONE), "environment") == []


def test_image_tags_that_nothing_needs_go_and_what_the_others_stand_on_stays() -> None:
    def tag(name: str, *layers: str, created: float = 0.0) -> Tagged:
        return Tagged(name, created, 1, layers)

    tags = [
        tag("packages", "a", "b"),
        tag("current", "a", "b", "h3"),
        tag("of-a-champion", "a", "b", "h1"),
        tag("superseded", "a", "b", "h2"),
        tag("old-packages", "a", "x"),
        tag("young", "a", "y", created=10.0),
    ]
    gone = unused(tags, {"current", "of-a-champion"}, before=5.0)
    assert [one.tag for one in gone] == ["superseded", "old-packages"]


def test_what_the_serving_service_holds_stays_and_what_a_killed_one_left_goes(context: Context) -> None:
    for folder in ("serve/process/serve-digits-1", "processes/serve-digits-1", "processes/serve-digits-0"):
        (context.home.path / folder).mkdir(parents=True)
    with locked(context.home.serve / "lock", "test"):
        assert names(survey(context, NONE), "training") == ["serve-digits-0"]
    assert names(survey(context, NONE), "training") == ["serve-digits-0", "serve-digits-1"]
