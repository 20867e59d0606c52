"""job3-evaluate: streams the log, waits, collects the metric, applies the gate."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from trainyard import gate
from trainyard.config import limits
from trainyard.executors.base import State, Status
from trainyard.executors.datasets import cache_folder
from trainyard.exits import ExitCode, TrainyardError
from trainyard.gate import Reading
from trainyard.runs import state as st
from trainyard.runs.atomic import disk_full
from trainyard.runs.files import Metrics, Mistake, ScriptError, Stage
from trainyard.runs.state import Decision, RunState, TrialState
from trainyard.runs.store import Run, Trial
from trainyard.runs.untrusted import printable
from trainyard.verbs.context import Context, working_on
from trainyard.verbs.endings import DISK_FULL_EXIT, NOTHING_MEASURED_EXIT, understood
from trainyard.verbs.follow import Follower
from trainyard.verbs.launch import start
from trainyard.verbs.quota import Quota
from trainyard.verbs.restart import restart

STOP_GRACE_SECONDS = 45.0
"""Between SIGTERM and SIGKILL at the end of the budget: the harness writes its best model and its numbers."""

OUT_OF_TIME = "out-of-time"
"""An attempt's status where the run's minutes were over."""

OVER_QUOTA = "over-quota"
"""An attempt's status where it wrote more than `limits.disk`."""

SPACE_TO_GO_ON = 64 * 2**20
"""Free bytes from which a training that ran out of disk is worth another attempt."""


def evaluate(context: Context, run: Run, follower: Follower) -> bool:
    """Waits for the current trial and decides on it; past stage `training` it repeats what was decided.

    Returns:
        Whether the trial is at the target.

    Raises:
        TrainyardError: DIED where the training died again and has to wait (`monitor` starts it then),
            DISK_FULL, BUSY, or, at trial 0, what was wrong with the script.
    """
    with working_on(context, run):
        state = run.load()
        if state.stage in (Stage.PULLING, Stage.PULLED):
            raise TrainyardError(
                ExitCode.USAGE,
                f"{run.key}: nothing was launched yet.",
                f"Run `trainyard launch --run {run.key}`.",
            )
        if state.stage == Stage.TRAINING:
            _wait_and_decide(context, run, state, follower)
        decision = state.current.decision
        if decision is None and len(state.trials) > 1:
            decision = state.trials[-2].decision
        if decision is not None:
            number = max(t.spec.trial for t in state.trials if t.decision is not None)
            context.say(f"{run.key}: trial {number}: {decision.sentence}.")
        return decision is not None and decision.at_target


@dataclass(frozen=True)
class _Ended:
    """A training that is over, and what it left."""

    run: Run
    state: RunState
    trial: Trial
    end: State
    late: bool
    """Stopped because the run's minutes were over."""
    wrote: str | None
    """What it wrote too much, in words."""

    @property
    def died(self) -> bool:
        """Whether the machine's side ended it."""
        return self.end.status in (Status.DIED, Status.ABSENT) and not self.late and not self.wrote

    @property
    def first(self) -> bool:
        return self.trial.number == 0

    @property
    def entry(self) -> str:
        from trainyard.detect import Detection

        return st.read(self.run.path / "detection.json", Detection).entry or "the script"


def _wait_and_decide(context: Context, run: Run, state: RunState, follower: Follower) -> None:
    ended = _wait(context, run, state, follower)
    if ended.end.exit_code == DISK_FULL_EXIT:
        ended = _again_with_space(context, ended, follower)
    metrics = ended.trial.metrics
    reading = gate.read(metrics.metrics, state.policy.metric, baseline=ended.first) if metrics else None
    failure = _failure(ended, metrics)
    if failure is None and reading is None:
        failure = _no_metric(ended)
    if ended.late and reading is not None and not ended.wrote:
        failure = None  # what it had learnt by then was measured
    state.current.decision = _decision(ended, metrics, reading, failure)
    if any(one.kind == "race" for one in state.current.spec.moves):
        from trainyard.tweak.moves import resolved

        state.current.spec = resolved(state.current.spec, metrics.race if metrics else None)
    if failure is not None and ended.first:
        run.save(state)
        raise failure
    state.stage = Stage.EVALUATED
    run.save(state)


def _wait(context: Context, run: Run, state: RunState, follower: Follower) -> _Ended:
    """Until the code's own side ended the training: what died meanwhile is started again at once."""
    while (ended := _attempt(context, run, state, follower)).died:
        again = restart(context, run, state, ended.end.detail or ended.end.status.value)
        if again.due is not None:
            raise TrainyardError(
                ExitCode.DIED, f"{run.key}: {again.words}.", "`trainyard monitor` starts it then."
            )
        context.say(f"{run.key}: {again.words}.")
    return ended


def _attempt(context: Context, run: Run, state: RunState, follower: Follower) -> _Ended:
    executor = context.executor(state.executor)
    trial = run.trial(state.current.spec.trial)
    attempt = state.current.attempts[-1]
    allowed = limits(context.config, state.repo)
    quota = Quota([trial.path.parent, cache_folder(context.home.path, allowed)], allowed.disk)
    if attempt.ended is None:
        left = state.policy.max_minutes * 60 - state.seconds()
        with quota.watching(lambda: executor.stop(attempt.name, 0)):
            end = follower.follow(executor, attempt.name, trial, max(left, 0.0))
    else:
        end = executor.state(attempt.name)
    late = end.status == Status.RUNNING
    if late:
        minutes = f"{state.policy.max_minutes:g}"
        context.say(f"{run.key}: max_minutes ({minutes}) is over: stopping trial {trial.number}.")
        executor.stop(attempt.name, STOP_GRACE_SECONDS)
        end = executor.state(attempt.name)
    trial.settle()
    quota.look()
    ended = _Ended(run, state, trial, end if late else understood(end), late, quota.exceeded)
    if ended.died:
        return ended
    follower.save_log(executor, attempt.name, trial)
    if quota.exceeded:
        attempt.end(OVER_QUOTA, f"It wrote {quota.exceeded}.")
    else:
        attempt.end(OUT_OF_TIME if late else ended.end.status.value, ended.end.detail)
    return ended


def _again_with_space(context: Context, ended: _Ended, follower: Follower) -> _Ended:
    if shutil.disk_usage(ended.run.path).free < SPACE_TO_GO_ON:
        raise disk_full(ended.trial.path)
    start(context, ended.run, ended.state)
    return _wait(context, ended.run, ended.state, follower)


def _decision(
    ended: _Ended, metrics: Metrics | None, reading: Reading | None, failure: TrainyardError | None
) -> Decision:
    cpu = metrics.cpu_seconds if metrics else 0.0
    if reading is None or failure is not None:
        message = failure.message if failure else "nothing was measured"
        return Decision(at_target=False, sentence=f"no number: {message}", error=message, cpu_seconds=cpu)
    policy = ended.state.policy
    failed = failed_looks(ended.state.trials)
    looked = gate.looks(reading, policy, failed)
    sentence = gate.sentence(reading, policy)
    if not (ended.first or looked) and policy.reaches(reading.gate.value, policy.target):
        wanted = (
            f"the {gate.bar(failed, policy):.3f} asked for after a failed look" if failed else "the target"
        )
        sentence = f"{gate.describe(reading.selection)}, the part to choose by: short of {wanted}"
    return Decision(
        at_target=(ended.first or looked) and policy.reaches(reading.gate.value, policy.target),
        looked=looked,
        sentence=sentence,
        selection=reading.selection,
        gate=reading.gate,
        cpu_seconds=cpu,
        abandoned=printable(metrics.abandoned[:300]) if metrics and metrics.abandoned else None,
    )


def failed_looks(trials: list[TrialState]) -> list[Reading]:
    """The readings of the trials that were at the bar where they are chosen, and short of the target."""
    return [
        Reading(one.selection, one.gate)
        for trial in trials
        if (one := trial.decision) and one.looked and not one.at_target and one.selection and one.gate
    ]


def _failure(ended: _Ended, metrics: Metrics | None) -> TrainyardError | None:
    if ended.wrote:
        return TrainyardError(
            ExitCode.OVER_QUOTA,
            f"{ended.entry}: its run wrote {ended.wrote}.",
            "Write less, or ask the operator for a higher limits.disk.",
        )
    if ended.end.status == Status.OUT_OF_MEMORY:
        said = ended.end.detail.rstrip(".") or "it used more than its limit"
        return TrainyardError(
            ExitCode.OUT_OF_MEMORY,
            f"{ended.entry}: killed for memory: {said}.",
            "Use smaller batches or less data, or ask the operator for a higher limits.memory.",
        )
    if ended.late:
        return TrainyardError(
            ExitCode.OUT_OF_TIME,
            f"{ended.entry}: not done after max_minutes = {ended.state.policy.max_minutes:g}.",
            "Train less, or raise [policy] max_minutes in trainyard.toml.",
        )
    if metrics is not None and metrics.error is not None and metrics.error.type != "OutOfTime":
        return _script_error(metrics.error, metrics.mistakes)
    if ended.end.exit_code not in (0, NOTHING_MEASURED_EXIT):
        tail = _last_line(ended.trial)
        return TrainyardError(
            ExitCode.SCRIPT_FAILED,
            f"{ended.entry}: left with exit code {ended.end.exit_code}{f' ({tail})' if tail else ''}.",
            f"`trainyard logs {ended.run.path.name}` shows all it printed.",
        )
    return None


def _script_error(error: ScriptError, mistakes: Sequence[Mistake]) -> TrainyardError:
    file = printable(error.file or "the script")
    place = f"{file}:{error.line}" if error.line else file
    message = printable(" ".join(error.message.split())[:300])
    if error.type in ("ModuleNotFoundError", "ImportError") and error.module:
        return TrainyardError(
            ExitCode.MISSING_MODULE,
            f"{place}: module {error.module!r} is missing.",
            f"Add its distribution to requirements.txt, or {error.module}.py to the repository.",
        )
    if error.type == "SyntaxError":
        return TrainyardError(
            ExitCode.SYNTAX_ERROR, f"{place}: syntax error: {message}.", "Correct that line."
        )
    return TrainyardError(
        ExitCode.SCRIPT_FAILED,
        f"{place}: {printable(' '.join(error.type.split())[:100])}: {message}",
        " ".join([*(printable(one.sentence) for one in mistakes), "Correct the script and push again."]),
    )


def _no_metric(ended: _Ended) -> TrainyardError:
    metric = ended.state.policy.metric
    wanted = "no accuracy or r2" if metric == "auto" else f"no {metric!r}"
    return TrainyardError(
        ExitCode.NO_METRIC,
        f"{ended.entry}: the script ended, but {wanted} was measured on held-out data.",
        "Evaluate the model on a test set, or name a metric in trainyard.toml ([policy] metric).",
    )


def _last_line(trial: Trial) -> str:
    lines = trial.log[-4096:].decode(errors="replace").strip().splitlines()
    return printable(lines[-1])[:200] if lines else ""
