"""job2-launch: reads the code, chooses and prepares its image, and starts the training."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from trainyard import gate
from trainyard.config import limits, repo_config
from trainyard.detect import Detection, Overrides, check, detect, render
from trainyard.executors.base import Training
from trainyard.runs import state as st
from trainyard.runs.files import SCHEMA, Job, Spec, Stage
from trainyard.runs.state import Attempt, RunState, TrialState
from trainyard.runs.store import Run
from trainyard.verbs.context import Context, working_on


def launch(context: Context, run: Run) -> None:
    """Detects, prepares the image and starts trial 0. Past stage `pulled` it does nothing.

    Raises:
        TrainyardError: what detection finds wrong, UNSUPPORTED, IMAGE_BUILD_FAILED, NO_EXECUTOR, BUSY.
    """
    with working_on(context, run):
        state = run.load()
        if state.stage != Stage.PULLED:
            context.say(f"{run.key}: launched already (stage {state.stage.value}).")
            return
        detection = detect(run.source, overrides=overrides_of(run.source))
        st.write(run.path / "detection.json", detection)
        context.say(render(detection, explain=False))
        check(detection)
        _name_mistakes(context, run, state, detection)
        if state.image is None:
            executor = context.executor(state.executor)
            state.image = _prepare(context, run, state, detection)
            state.executor = executor.name
            run.save(state)
        if not state.trials:
            state.trials.append(
                TrialState(spec=Spec(schema=SCHEMA, trial=0, reason="the code as it was pushed"))
            )
        start(context, run, state)
        context.say(f"{run.key}: trial 0 started in {state.image} ({state.executor} executor).")


def _name_mistakes(context: Context, run: Run, state: RunState, detection: Detection) -> None:
    """Says what can't learn, as far as the code alone shows it: before any training."""
    found = [f"{one.file}:{one.line}: {one.sentence}" for one in detection.hazards if one.kind == "mistake"]
    for sentence in found:
        context.say(f"{run.key}: {sentence}")
    state.findings = found


def start(context: Context, run: Run, state: RunState) -> None:
    """Starts the current trial, or a new attempt at it where the last one ended. Stage becomes `training`.

    The attempt is recorded before it is started, and starting a recorded name again starts nothing new, so a
    kill between the two leaves a run that the next call completes.
    """
    current = state.current
    if not current.attempts or current.attempts[-1].ended:
        number = len(current.attempts) + 1
        name = f"trainyard-{state.repo}-{state.id}-t{current.spec.trial}-a{number}".lower()
        current.attempts.append(Attempt(name=name, started=st.timestamp()))
        run.save(state)
    executor = context.executor(state.executor)
    executor.start(_training(context, run, state))
    state.stage = Stage.TRAINING
    run.save(state)


def overrides_of(source: Path) -> Overrides:
    """What the checkout's `trainyard.toml` lays down about detection.

    Raises:
        TrainyardError: BAD_CONFIG, naming the field.
    """
    written = repo_config(source)
    return Overrides(entry=written.run.entry, **msgspec.structs.asdict(written.detect))


def _training(context: Context, run: Run, state: RunState) -> Training:
    spec = state.current.spec
    trial = run.trial(spec.trial)
    _write_inputs(run, state)
    return Training(
        name=state.current.attempts[-1].name,
        image=state.image or "",
        source=run.source,
        trial=trial.path,
        parent=run.trial(spec.parent).path if spec.parent is not None else None,
        labels={
            "trainyard.home": str(context.home.path),
            "trainyard.run": run.key,
            "trainyard.trial": str(spec.trial),
        },
        limits=limits(context.config, state.repo),
    )


def job_of(run: Run, state: RunState) -> Job:
    """What every training of this run asks of the harness."""
    detection = st.read(run.path / "detection.json", Detection)
    wanted = repo_config(run.source).run
    return Job(
        schema=SCHEMA,
        entry=detection.entry,
        argv=wanted.argv,
        env=wanted.env,
        answers=wanted.answers,
        seed=state.seed,
        task=detection.task,
        metric=state.policy.metric,
    )


def _write_inputs(run: Run, state: RunState) -> None:
    trial = run.trial(state.current.spec.trial)
    trial.path.mkdir(parents=True, exist_ok=True)
    job = job_of(run, state)
    if state.current.spec.trial == 0 and _may_abandon(state):
        job.target = state.policy.target
    trial.write("job.json", job)
    trial.write("spec.json", state.current.spec)


def _may_abandon(state: RunState) -> bool:
    """Whether the code's own training may be cut short: an accuracy is wanted, and retrains can follow."""
    policy = state.policy
    named = policy.metric == "auto" or gate.canonical(policy.metric) == "accuracy"
    return named and policy.direction == "max" and 0 < policy.target < 1 and policy.max_trials > 1


def _prepare(context: Context, run: Run, state: RunState, detection: Detection) -> str:
    executor = context.executor(state.executor)
    with tempfile.TemporaryDirectory(prefix="trainyard-needs-") as folder:
        requirements = _requirements(run, detection, Path(folder))
        return executor.prepare(detection.image or "", requirements, context.say, run.build_log)


def _requirements(run: Run, detection: Detection, folder: Path) -> Path | None:
    """The repository's own requirements file; else one made of what it states elsewhere or imports."""
    needs = detection.needs
    if needs.file and needs.file.endswith((".txt", ".in")):
        stated = run.source / needs.file
        return stated if stated.resolve().is_relative_to(run.source.resolve()) else None
    missing = [need for need in needs.requirements if not need.in_image]
    if not missing:
        return None
    # each on the line that it came from, so that a failing one is named by that line
    by_line = {need.line: need.requirement for need in missing} if needs.file else {}
    lines = [by_line.get(n, "") for n in range(1, max(by_line) + 1)] if by_line else []
    path = folder / (Path(needs.file).name if needs.file else "imports")
    path.write_text("".join(f"{line}\n" for line in lines or [need.requirement for need in missing]))
    return path
