"""The report: self-contained, and nothing that pushed code says can become markup."""

from __future__ import annotations

import re
from pathlib import Path

from trainyard.policy import Policy
from trainyard.report import write_report
from trainyard.runs.files import Move, Outcome, Spec, Stage
from trainyard.runs.state import Attempt, RunState, TrialState, Verdict
from trainyard.runs.store import Run

EVIL = "<script>alert(1)</script>"


def test_hostile_names_are_escaped_and_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    run = Run(tmp_path / "repo" / "id")
    trial = run.trial(0).path
    trial.mkdir(parents=True)
    (trial / "history.csv").write_text(
        f"fit,epoch,loss,accuracy,val_{EVIL}\n1,1,0.5,0.6,1\n1,2,0.4,0.7,1\n1,3,0."
    )
    spec = Spec(schema=1, trial=0, reason=EVIL, moves=[Move(kind=EVIL, args={EVIL: EVIL})])
    attempt = Attempt(name="n", started="2026-01-01T00:00:00Z", ended="2026-01-01T00:00:05Z", took=5.0)
    state = RunState(
        schema=1,
        id="id",
        repo="repo",
        url="u",
        branch="",
        commit="c",
        policy=Policy(),
        seed=0,
        executor="process",
        stage=Stage.EVALUATED,
        created="2026-01-01T00:00:00Z",
        updated="2026-01-01T00:00:00Z",
        trials=[TrialState(spec=spec, attempts=[attempt])],
    )
    verdict = Verdict(
        schema=1,
        run=EVIL,
        repo=EVIL,
        commit=EVIL,
        outcome=Outcome.FAILED,
        reason=EVIL,
        target=0.9,
        floor=0.8,
        metric=None,
        baseline=None,
        best_trial=None,
        trials=[],
        retrains=0,
        cpu_seconds=0.0,
        model=None,
        report="r",
        serving=False,
        findings=[EVIL],
    )
    write_report(run, state, verdict)
    page = run.report.read_text()
    assert "<script" not in page
    assert page.count("<svg") == 2  # accuracy and loss, of the two whole rows
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?https?:", page)
    assert "default-src 'none'" in page
