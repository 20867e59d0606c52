"""A search that is over looks at its best trial once."""

from __future__ import annotations

from trainyard.policy import Policy
from trainyard.runs.files import SCHEMA, Metric, Part, Spec, Split, Stage
from trainyard.runs.state import Decision, RunState, TrialState
from trainyard.verbs.tweak import last_look


def trial(number: int, selection: float, report: float, looked: bool = False) -> TrialState:
    parts = {
        part: Metric(name="accuracy", value=value, split=Split.TEST, origin="evaluate", part=part, n=500)
        for part, value in ((Part.SELECTION, selection), (Part.REPORT, report))
    }
    decision = Decision(
        at_target=False,
        sentence="short of the bar",
        selection=parts[Part.SELECTION],
        gate=parts[Part.REPORT],
        looked=looked,
    )
    return TrialState(spec=Spec(schema=SCHEMA, trial=number, reason=""), decision=decision)


def after(*trials: TrialState) -> list[Decision]:
    state = RunState(
        schema=SCHEMA, id="id", repo="repo", url="", branch="", commit="", policy=Policy(), seed=0,
        executor="process", stage=Stage.EVALUATED, created="", updated="", trials=list(trials),
    )  # fmt: skip
    last_look(state)
    return [one.decision for one in state.trials if one.decision]


def test_the_best_by_selection_is_decided_on_the_report_part() -> None:
    first, second, third = after(trial(0, 0.5, 0.5), trial(1, 0.89, 0.95), trial(2, 0.85, 0.97))
    assert (second.looked, second.at_target) == (True, True)
    assert "at the target" in second.sentence
    assert not (first.looked or third.looked)


def test_one_that_falls_short_there_has_been_looked_at_all_the_same() -> None:
    _, second = after(trial(0, 0.5, 0.5), trial(1, 0.89, 0.88))
    assert (second.looked, second.at_target) == (True, False)


def test_after_three_failed_looks_there_is_no_fourth() -> None:
    failed = [trial(number, 0.91, 0.88, looked=True) for number in (1, 2, 3)]
    *_, last = after(trial(0, 0.5, 0.5), *failed, trial(4, 0.92, 0.95))
    assert not last.looked
