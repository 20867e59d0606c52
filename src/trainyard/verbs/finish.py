"""The end of a run: verdict, champion, report, announcement. Each step may be killed and made again."""

from __future__ import annotations

import msgspec

from trainyard import gate
from trainyard.gate import Reading
from trainyard.home import Home
from trainyard.runs import state as st
from trainyard.runs.files import SCHEMA, Metric, Outcome, Stage
from trainyard.runs.state import RunState, TrialState, TrialSummary, Verdict
from trainyard.runs.store import Run
from trainyard.runs.untrusted import inside, printable
from trainyard.verbs.context import Context
from trainyard.verbs.giveback import give_back

LOG_TAIL_LINES = 12
LOG_TAIL_BYTES = 8192
"""What of a failed training's log goes into its announcement."""


class Champion(msgspec.Struct, kw_only=True):
    """`champions/<repo>.json`: the model that a repo serves."""

    schema: int
    run: str
    trial: int
    commit: str
    metric: Metric
    direction: str
    model: str
    """The saved model's absolute path."""
    image: str
    executor: str


def champion_of(home: Home, repo: str) -> Champion | None:
    """Who `repo` serves now.

    Raises:
        TrainyardError: TORN_STATE.
    """
    path = home.champion(repo)
    return st.read(path, Champion) if path.is_file() else None


def finish(context: Context, run: Run, state: RunState) -> Verdict:
    """Writes the verdict, replaces the champion where this run is better, reports and announces.

    The stage becomes `finished` last: a kill anywhere before it makes all of it again, to the same end.
    """
    _release(context, state)
    verdict = _verdict(context, run, state)
    if verdict.outcome == Outcome.PROMOTED:
        verdict = _serve(context, run, state, verdict)
    verdict = _give_back(context, run, state, verdict)
    st.write(run.path / "verdict.json", verdict)
    from trainyard.report import write_report

    write_report(run, state, verdict)
    if not state.announced:
        from trainyard.notify import announce

        announce(context, verdict, _last_lines(run, state) if verdict.failure else ())
        state.announced = True
    state.outcome = verdict.outcome
    state.stage = Stage.FINISHED
    run.save(state)
    context.say(f"{run.key}: {verdict.outcome.value}: {verdict.reason}")
    return verdict


def _give_back(context: Context, run: Run, state: RunState, verdict: Verdict) -> Verdict:
    if state.patch is None and (patch := give_back(context, run, state, verdict)) is not None:
        state.patch = patch
        run.save(state)
        context.say(f"{run.key}: {patch.sentence}")
    return msgspec.structs.replace(verdict, patch=state.patch)


def _last_lines(run: Run, state: RunState) -> list[str]:
    if not state.trials:
        return []
    log = run.trial(state.current.spec.trial).log[-LOG_TAIL_BYTES:].decode(errors="replace")
    return [line[:200] for line in printable(log).splitlines()[-LOG_TAIL_LINES:]]


def _release(context: Context, state: RunState) -> None:
    for trial in state.trials:
        for attempt in trial.attempts:
            context.executor(state.executor).remove(attempt.name)


def _verdict(context: Context, run: Run, state: RunState) -> Verdict:
    decided = [(t, r) for t in state.trials if (r := _reading(t)) is not None]
    at_target = {t.spec.trial for t, _ in decided if t.decision and t.decision.at_target}
    readings = {t.spec.trial: r for t, r in decided}
    ordered = [(number, reading, number in at_target) for number, reading in readings.items()]
    best = None if state.failure else gate.best(ordered, state.policy)
    reading = readings.get(best) if best is not None else None
    if reading is None:
        outcome = Outcome.FAILED
    else:
        outcome = gate.outcome(reading.gate.value, state.policy)
        if outcome == Outcome.PROMOTED and best not in at_target:
            outcome = Outcome.CANDIDATE
    baseline = readings.get(0)
    return Verdict(
        schema=SCHEMA,
        run=run.key,
        repo=state.repo,
        commit=state.commit,
        outcome=outcome,
        reason=_reason(state, outcome, reading),
        target=state.policy.target,
        floor=state.policy.floor,
        metric=reading.gate if reading else None,
        baseline=baseline.gate if baseline else None,
        best_trial=best,
        trials=[_summary(t) for t in state.trials if t.attempts],
        retrains=sum(1 for t in state.trials if t.attempts and t.spec.trial > 0),
        cpu_seconds=round(sum(t.decision.cpu_seconds for t in state.trials if t.decision), 3),
        model=_model(run, best) if best is not None else None,
        report=str(run.report),
        serving=False,
        findings=[*state.remarks, *state.findings],
        failure=state.failure,
        looks=sum(1 for t in state.trials if t.decision and t.decision.looked),
    )


def _reading(trial: TrialState) -> Reading | None:
    decision = trial.decision
    if decision is None or decision.gate is None or decision.selection is None:
        return None
    return Reading(decision.selection, decision.gate)


def _reason(state: RunState, outcome: Outcome, reading: Reading | None) -> str:
    if state.failure is not None:
        return state.failure.message
    if reading is None:
        return "no trial gave a number that could be gated."
    retrains = len([t for t in state.trials if t.attempts]) - 1
    tried = f"after {retrains} retrain{'s' if retrains != 1 else ''}" if retrains else "as it was pushed"
    parts = [f"{gate.sentence(reading, state.policy)}, {tried}."]
    if outcome != Outcome.PROMOTED:
        if state.exhausted:
            parts.append(f"{state.exhausted.rstrip('.')}.")
        said = state.exhausted or ""
        parts += [f"{finding.rstrip('.')}." for finding in state.findings if finding not in said]
    return " ".join(parts)


def _summary(trial: TrialState) -> TrialSummary:
    decision = trial.decision
    return TrialSummary(
        number=trial.spec.trial,
        spec=msgspec.to_builtins(trial.spec),
        metric=decision.gate if decision else None,
        selection=decision.selection if decision else None,
        reason=trial.spec.reason,
        cpu_seconds=decision.cpu_seconds if decision else 0.0,
        error=decision.error if decision else None,
        looked=bool(decision and decision.looked),
        abandoned=decision.abandoned if decision else None,
    )


def _model(run: Run, number: int) -> str | None:
    trial = run.trial(number)
    metrics = trial.metrics
    if metrics is None or not metrics.model:
        return None
    path = inside(trial.path, metrics.model)
    return str(path) if path is not None else None


def _serve(context: Context, run: Run, state: RunState, verdict: Verdict) -> Verdict:
    metric = verdict.metric
    if metric is None or verdict.model is None or verdict.best_trial is None:
        return verdict
    if (old := champion_of(context.home, state.repo)) is not None:
        comparable = gate.canonical(old.metric.name) == gate.canonical(metric.name)
        if old.run != run.key and comparable and not state.policy.better(metric.value, old.metric.value):
            reason = (
                f"{verdict.reason} Run {old.run} ({old.metric.value:.4f}) is no worse and stays the champion."
            )
            return msgspec.structs.replace(verdict, reason=reason)
    champion = Champion(
        schema=SCHEMA,
        run=run.key,
        trial=verdict.best_trial,
        commit=state.commit,
        metric=metric,
        direction=state.policy.direction,
        model=verdict.model,
        image=state.image or "",
        executor=state.executor,
    )
    st.write(context.home.champion(state.repo), champion)
    return msgspec.structs.replace(verdict, serving=True)
