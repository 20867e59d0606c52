"""The winner as a patch of the developer's source: written, trained in the sandbox, offered if that holds."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trainyard import gate
from trainyard.config import limits
from trainyard.detect import Detection
from trainyard.executors.base import Status, Training
from trainyard.exits import TrainyardError
from trainyard.git import git
from trainyard.runs import state as st
from trainyard.runs.atomic import write_atomic
from trainyard.runs.files import SCHEMA, Metric, Outcome, Spec
from trainyard.runs.history import longest_fit
from trainyard.runs.state import Patch, RunState, Verdict
from trainyard.runs.store import Run, Trial
from trainyard.verbs.context import Context
from trainyard.verbs.follow import history
from trainyard.verbs.launch import job_of

if TYPE_CHECKING:
    from trainyard.patch.wanted import Ladder

Files = dict[str, tuple[bytes, bytes]]
"""Changed files: (before, after), by their paths."""

STRETCHES = (1, 2)
"""Times the winner's epochs to train for: from scratch may need more than inherited weights did."""
STARTS = 2
"""Of one verification: a machine that dies during it is no reason against the patch."""
LONGEST = 4.0
"""Times the trials' own seconds, and FEWEST_SECONDS more, that a verification may take."""
FEWEST_SECONDS = 120.0
CLOSE = 0.02
"""Relative difference that counts as the same score where no interval is known."""


def give_back(context: Context, run: Run, state: RunState, verdict: Verdict) -> Patch | None:
    """Writes `patch.diff` where the source can be patched and the patched script reproduces the winner.

    Returns:
        The patch, or why there is none; None where there is nothing to give back: the code as it was pushed
        is the best, the run has no model worth it, or the host's configuration says not to.
    """
    wanted = context.config.patch.enabled and verdict.outcome in (Outcome.PROMOTED, Outcome.CANDIDATE)
    if not wanted or not verdict.best_trial or verdict.metric is None:
        return None
    context.say(
        f"{run.key}: writing what won as a patch of the source, and training that to see if it holds."
    )
    attempt = _Attempt(context, run, state, verdict.best_trial, verdict.metric)
    try:
        return attempt.make()
    except TrainyardError as error:
        return attempt.none(error.message)
    except Exception as error:  # noqa: BLE001 - whatever the source holds, a patch may not cost a verdict
        return attempt.none(f"writing it failed ({type(error).__name__}: {error}).")


def training_names(state: RunState) -> list[str]:
    """What the executor knows this run's verifications by, started or not."""
    return [_name(state, stretch, start) for stretch in STRETCHES for start in range(1, STARTS + 1)]


def _name(state: RunState, stretch: int, start: int) -> str:
    return f"trainyard-{state.repo}-{state.id}-patch{stretch}-a{start}".lower()


@dataclass
class _Attempt:
    context: Context
    run: Run
    state: RunState
    best: int
    metric: Metric
    cpu_seconds: float = 0.0

    def make(self) -> Patch:
        from trainyard.patch import UnpatchableError, difference
        from trainyard.patch.diff import unified

        missed = ""
        winner = self.run.trial(self.best).architecture
        for stretch in STRETCHES[:1] if winner.get("kind") == "estimator" else STRETCHES:
            try:
                files = self._files(stretch)
            except UnpatchableError as reason:
                return self.none(f"{reason}.")
            diff = unified(files)
            trial = self._trained(diff, stretch)
            if isinstance(trial, str):
                return self.none(f"{trial}.")
            if other := difference(winner, trial.architecture):
                return self.none(f"the patched script builds something else ({other}).")
            reached = self._measured(trial)
            if isinstance(reached, Metric):
                return self._offered(diff, files, reached)
            missed = f"{reached}."
        return self.none(missed)

    def none(self, why: str) -> Patch:
        """No patch, and why."""
        self._tidy()
        return Patch(sentence=f"There is no patch: {why}", cpu_seconds=self.cpu_seconds)

    def _offered(self, diff: bytes, files: Files, reached: Metric) -> Patch:
        path = self.run.path / "patch.diff"
        write_atomic(path, diff)
        self._tidy()
        name = gate.canonical(reached.name)
        sentence = (
            "patch.diff makes the script itself build and train this: trained so, from scratch, it has "
            f"{name} {reached.value:.4f} where trial {self.best} had {self.metric.value:.4f}."
        )
        if not self.state.policy.reaches(reached.value, self.state.policy.target):
            sentence += f" That is within the interval, but short of the target {self.state.policy.target:g}."
        offered = Patch(sentence=sentence, path=str(path), metric=reached, cpu_seconds=self.cpu_seconds)
        return self._pushed(offered, files) if self.context.config.patch.push else offered

    def _pushed(self, patch: Patch, files: Files) -> Patch:
        """The patch as branch `trainyard/<run>` of the watched repository, where that is one and takes it."""
        from trainyard.branches import push

        state = self.state
        if state.commit.startswith("content-"):
            return patch
        cache = self.context.home.git / f"{state.repo}.git"
        message = f"Trainyard: {self.metric.name} {patch.metric.value if patch.metric else 0:.4f}\n\n"
        reason = next(one.spec.reason for one in state.trials if one.spec.trial == self.best)
        message += "\n".join(textwrap.wrap(reason, 72))
        try:
            new = {name: after for name, (_, after) in files.items()}
            branch = push(state.url, cache, state.commit, state.id, new, f"{message}\n", state.created)
        except TrainyardError as error:
            sentence = f"{patch.sentence} It could not be pushed: {error.message}"
            return msgspec.structs.replace(patch, sentence=sentence)
        return msgspec.structs.replace(patch, branch=branch)

    def _files(self, stretch: int) -> Files:
        from trainyard.patch import patched

        detection = st.read(self.run.path / "detection.json", Detection)
        base, winner = self.run.trial(0).architecture, self.run.trial(self.best).architecture
        return patched(self.run.source, detection.entry or "", base, winner, self._ladder(stretch))

    def _ladder(self, stretch: int) -> Ladder:
        from trainyard.patch.epochs import best_epoch, watched_number
        from trainyard.patch.wanted import Ladder

        steps = {trial.spec.trial: trial.spec for trial in self.state.trials}
        chain: list[Spec] = []
        number: int | None = self.best
        while number is not None and len(chain) <= len(steps):
            chain.insert(0, steps[number])
            number = steps[number].parent
        rows = [longest_fit(history(self.run.trial(spec.trial))) for spec in chain]
        watched = watched_number(rows[-1])
        epochs = [len(one) for one in rows]
        if watched:
            epochs[-1] = best_epoch(rows[-1], watched)
        return Ladder([spec.moves for spec in chain], [stretch * one for one in epochs], watched)

    def _folder(self, stretch: int) -> Path:
        return self.run.path / "patch" / str(stretch)

    def _trained(self, diff: bytes, stretch: int) -> Trial | str:
        """The trial of the patched source, or why it has none. Killed and called again it goes on waiting."""
        folder = self._folder(stretch)
        if not (folder / "source").exists():
            _apply(self.run.source, diff, folder)
        trial = Trial(folder / "trial", 0)
        trial.path.mkdir(parents=True, exist_ok=True)
        trial.write("job.json", job_of(self.run, self.state))
        trial.write("spec.json", Spec(schema=SCHEMA, trial=0, reason="the patched source"))
        executor = self.context.executor(self.state.executor)
        for start in range(1, STARTS + 1):
            name = _name(self.state, stretch, start)
            executor.start(self._training(name, folder))
            end = executor.wait(name, self._seconds(stretch))
            if end.status == Status.RUNNING:
                executor.stop(name, 0)
            executor.remove(name)
            if end.status != Status.DIED:
                break
        metrics = trial.metrics
        self.cpu_seconds = round(self.cpu_seconds + (metrics.cpu_seconds if metrics else 0.0), 3)
        if end.status == Status.EXITED and end.exit_code == 0 and metrics is not None:
            return trial
        if end.status == Status.RUNNING:
            return f"the patched script was not done after {self._seconds(stretch):.0f} s"
        if metrics is not None and metrics.error is not None:
            return f"the patched script fails with {metrics.error.type}"
        return f"the patched script did not end well ({end.detail or f'exit code {end.exit_code}'})"

    def _seconds(self, stretch: int) -> float:
        return FEWEST_SECONDS + stretch * LONGEST * self.state.seconds()

    def _training(self, name: str, folder: Path) -> Training:
        return Training(
            name=name,
            image=self.state.image or "",
            source=folder / "source",
            trial=folder / "trial",
            labels={"trainyard.home": str(self.context.home.path), "trainyard.run": self.run.key},
            limits=limits(self.context.config, self.state.repo),
        )

    def _measured(self, trial: Trial) -> Metric | str:
        """The patched script's number where it scores the same, else what is not so."""
        metrics, policy = trial.metrics, self.state.policy
        reading = gate.read(metrics.metrics, policy.metric, baseline=False) if metrics else None
        if reading is None:
            return "the patched script gives no number"
        same, reached = self.metric, reading.gate
        if gate.canonical(same.name) != gate.canonical(reached.name):
            return f"the patched script gives another number ({gate.canonical(reached.name)})"
        worst = same.value - (CLOSE if policy.direction == "max" else -CLOSE) * abs(same.value)
        if same.interval is not None:
            worst = same.interval[0 if policy.direction == "max" else 1]
        if policy.reaches(reached.value, worst):
            return reached
        return (
            f"trained from scratch the patched script reaches {reached.value:.4f}, not the {same.value:.4f} "
            f"of trial {self.best}"
        )

    def _tidy(self) -> None:
        shutil.rmtree(self.run.path / "patch", ignore_errors=True)


def _apply(source: Path, diff: bytes, folder: Path) -> None:
    """Copies the source (by hard links: only git writes to it) and lets git apply the patch, whole or not."""
    partial = folder / ".source.partial"
    shutil.rmtree(partial, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, partial, symlinks=True, copy_function=_link)
    write_atomic(folder / "patch.diff", diff)
    # git would look for a repository around the folder, and take the paths as that one's
    alone = {"GIT_CEILING_DIRECTORIES": str(folder)}
    command = ["apply", "--whitespace=nowarn", "--", str(folder / "patch.diff")]
    done = git(command, cwd=partial, check=False, extra=alone)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace"))  # what was made here must apply
    partial.rename(folder / "source")


def _link(source: str, destination: str) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, destination, follow_symlinks=False)
