"""The examples come out as named, on both executors, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import EXAMPLES, Yard
from trainyard.exits import ExitCode

OUTCOMES = [
    ("digits-cnn", "promoted", ExitCode.OK),
    ("wine-forest", "promoted", ExitCode.OK),
    ("salary-regression", "promoted", ExitCode.OK),
    ("shuffled-labels", "refused", ExitCode.REFUSED),
]


def numbers(verdict: dict[str, Any]) -> list[Any]:
    return [
        verdict["outcome"],
        verdict["metric"],
        [(t["spec"]["moves"], t["metric"]) for t in verdict["trials"]],
    ]


@pytest.fixture(scope="module")
def seen() -> dict[str, list[Any]]:
    """What an earlier executor gave, to compare the next one with."""
    return {}


@pytest.mark.parametrize(("name", "outcome", "code"), OUTCOMES)
def test_each_example_ends_as_named_and_alike_on_both_executors(
    yard: Yard, name: str, outcome: str, code: ExitCode, seen: dict[str, list[Any]]
) -> None:
    answer = yard("run", EXAMPLES / name, "--seed", "7", "--json")
    verdict = answer.json
    assert (verdict["outcome"], answer.code) == (outcome, code), answer.err
    assert seen.setdefault(name, numbers(verdict)) == numbers(verdict)
    report = Path(verdict["report"]).read_text()
    assert outcome in report
    if outcome == "promoted":
        assert Path(verdict["model"]).exists()
        assert yard("verify", verdict["run"], "--json").json["reproduced"]
        assert bool(verdict["best_trial"]) == bool(verdict["patch"] and verdict["patch"]["path"])
    else:
        assert len(verdict["reason"]) > len("refused") and verdict["findings"]
        refused = yard("predict", name, EXAMPLES / name / "train.py")
        assert refused.code == ExitCode.NOT_PROMOTED
        assert f"{verdict['metric']['value']:.4f}" in refused.complaint
