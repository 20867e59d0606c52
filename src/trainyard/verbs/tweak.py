"""job4-tweak: diagnoses what was trained so far and writes the next spec, or says why there is none."""

from __future__ import annotations

import msgspec

from trainyard import gate
from trainyard.exits import ExitCode, TrainyardError
from trainyard.gate import Reading
from trainyard.runs import store
from trainyard.runs.files import Spec, Stage
from trainyard.runs.state import RunState, TrialState
from trainyard.runs.store import Run
from trainyard.tweak import Earlier, Exhausted, TrialRecord, propose
from trainyard.tweak.propose import MOST_LOOKS
from trainyard.verbs.context import Context, working_on
from trainyard.verbs.evaluate import failed_looks
from trainyard.verbs.follow import history


def tweak(context: Context, run: Run) -> None:
    """Decides what to try next. Past stage `evaluated`, or at the target, it does nothing.

    Raises:
        TrainyardError: USAGE before there is a decision, BUSY.
    """
    with working_on(context, run):
        state = run.load()
        if state.stage in (Stage.PULLING, Stage.PULLED, Stage.TRAINING):
            raise TrainyardError(
                ExitCode.USAGE,
                f"{run.key}: no trial is evaluated yet (stage {state.stage.value}).",
                f"Run `trainyard evaluate --run {run.key}` first.",
            )
        decision = state.current.decision
        if state.stage != Stage.EVALUATED or (decision is not None and decision.at_target):
            context.say(f"{run.key}: nothing to tweak (stage {state.stage.value}).")
            return
        records = [_record(run, t) for t in state.trials]
        earlier = _earlier(context, run, state) if len(records) == 1 else None
        proposal = propose(records, state.policy, seed=state.seed, earlier=earlier)
        state.findings = proposal.findings
        spent = _spent(state)
        if isinstance(proposal, Exhausted):
            state.exhausted = proposal.reason
        elif spent:
            state.exhausted = spent
        else:
            state.trials.append(TrialState(spec=proposal.spec))
        if state.exhausted:
            last_look(state)
        state.stage = Stage.TWEAKED
        run.save(state)
        context.say(f"{run.key}: {state.exhausted or f'next: {state.current.spec.reason}'}")


def last_look(state: RunState) -> None:
    """Decides the best retrain of a search that is over on the report part, unless that is fished out.

    It was chosen on the selection part alone, which may be the harder of the two.
    """
    decided = {
        trial.spec.trial: (one, Reading(one.selection, one.gate))
        for trial in state.trials
        if (one := trial.decision) and one.selection and one.gate
    }
    readings = [(number, reading, one.at_target) for number, (one, reading) in decided.items()]
    best = gate.best(readings, state.policy)
    if not best or len(failed_looks(state.trials)) >= MOST_LOOKS:
        return
    decision, reading = decided[best]
    if not decision.looked:
        decision.looked = True
        decision.at_target = state.policy.reaches(reading.gate.value, state.policy.target)
        decision.sentence = gate.sentence(reading, state.policy)


def _spent(state: RunState) -> str | None:
    policy = state.policy
    if len(state.trials) >= policy.max_trials:
        trainings = f"{policy.max_trials} training{'s' if policy.max_trials > 1 else ''}"
        return f"the budget of {trainings} (max_trials) is spent"
    if state.seconds() >= policy.max_minutes * 60:
        return f"the budget of {policy.max_minutes:g} minutes (max_minutes) is spent"
    return None


def _earlier(context: Context, run: Run, state: RunState) -> Earlier | None:
    """The best trial of the repo's last run that found one better than the code as it was pushed."""
    for other in reversed(store.all_runs(context.home, state.repo)):
        if other.key >= run.key or not (other.path / "verdict.json").exists():
            continue
        try:
            verdict = other.verdict()
        except TrainyardError:
            continue
        if verdict.best_trial:
            best = next(one for one in verdict.trials if one.number == verdict.best_trial)
            return Earlier(other.key, msgspec.convert(best.spec, Spec).moves)
    return None


def _record(run: Run, trial: TrialState) -> TrialRecord:
    folder = run.trial(trial.spec.trial)
    return TrialRecord(
        spec=trial.spec,
        metrics=folder.metrics,
        architecture=folder.architecture,
        curves=history(folder),
        selection=trial.decision.selection if trial.decision else None,
        report=trial.decision.gate if trial.decision and trial.decision.looked else None,
    )
