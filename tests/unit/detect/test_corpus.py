"""Every case of tests/corpus is judged as its label says."""

import tomllib
from pathlib import Path

import pytest

from trainyard.detect import check, detect
from trainyard.exits import ExitCode, TrainyardError

CORPUS = Path(__file__).parents[2] / "corpus"
CASES = sorted(p.parent for p in CORPUS.glob("*/case.toml"))


def test_corpus_has_at_least_eighty_cases_that_each_say_why_they_are_hard():
    labels = [tomllib.loads((case / "case.toml").read_text()) for case in CASES]
    assert len(labels) >= 80
    assert all(len(label["why"]) > 20 for label in labels)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case_is_judged_as_labelled(case):
    label = tomllib.loads((case / "case.toml").read_text())
    found = detect(case / "repo")
    for key in ("framework", "family", "task", "api", "entry"):
        if key in label:
            assert getattr(found, key) == label[key], (key, label["why"], found.evidence, found.candidates)
    if "image" in label:
        assert (found.image or "none") == label["image"]
    assert found.ambiguous == label.get("ambiguous", False)
    assert bool(found.blocking) == label.get("blocking", False)
    assert _refusal(found) == _expected(label)


def _refusal(found):
    try:
        check(found)
    except TrainyardError as error:
        assert "\n" not in error.message
        return error.code
    return None


def _expected(label):
    if "refused" in label:
        return ExitCode[label["refused"]]
    if label["framework"] == "none":
        return ExitCode.NO_TRAINING_CODE
    if label.get("ambiguous"):
        return ExitCode.AMBIGUOUS_ENTRY
    if label.get("blocking"):
        return ExitCode.SYNTAX_ERROR
    return ExitCode.UNSUPPORTED if label.get("image") == "none" else None
