"""Executes job XML the way Jenkins does: a queue of builds, workspaces, results, parameterized triggers."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainyard.chain import workspace as workspaces
from trainyard.chain.console import Signals, run_step
from trainyard.chain.jobs import (
    CONDITIONS,
    CurrentParameters,
    JobDefinition,
    Predefined,
    PropertyFile,
    Result,
    Shell,
    Trigger,
)
from trainyard.chain.parse import parse
from trainyard.chain.properties import expand, load
from trainyard.chain.render import JobXml
from trainyard.exits import ExitCode, TrainyardError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Build:
    """One ended build. `log` is its console."""

    job: str
    number: int
    parameters: dict[str, str]
    result: Result
    exit_code: int
    """Of the last step that ran; 128 + n after signal n."""
    seconds: float
    log: Path


@dataclass(frozen=True)
class ChainResult:
    """All builds, in order. `signal` is the number of the signal that ended the chain, if one did."""

    builds: tuple[Build, ...]
    signal: int | None = None

    @property
    def failed(self) -> Build | None:
        """The first build that neither succeeded nor was unstable."""
        return next((b for b in self.builds if b.result in (Result.FAILURE, Result.ABORTED)), None)


def execute(
    jobs: Sequence[JobXml],
    first: str,
    parameters: Mapping[str, str],
    *,
    home: Path,
    say: Say,
    env: Mapping[str, str] | None = None,
    stream: int = 2,
    before: Callable[[Mapping[str, str]], None] | None = None,
) -> ChainResult:
    """Starts `first` with `parameters` and follows its triggers until the queue is empty.

    Args:
        jobs: every job that a trigger may name.
        home: the state home; workspaces and build logs go below `home/chain/<job>/`.
        say: gets the chain's own lines; what the steps print goes to the descriptor `stream`.
        before: called with a build's parameters before it starts; what it raises ends the chain.
        env: the steps' environment, before parameters and Jenkins' variables (default: this process's).

    Raises:
        TrainyardError: CHAIN for job XML, a parameter or a trigger that this chain does not understand,
            before anything has run; DISK_FULL where no workspace can be made.
    """
    known = {job.name: parse(job.name, job.xml) for job in jobs}
    _check(known, first, parameters)
    chain = _Chain(known, home, say, dict(os.environ if env is None else env), stream, before)
    # Only the main thread may have signal handlers.
    main = threading.current_thread() is threading.main_thread()
    with chain.signals.caught() if main else contextlib.nullcontext():
        given = {
            p.name: parameters[p.name].strip() if p.trim else parameters[p.name]
            for p in known[first].parameters
            if p.name in parameters
        }
        return chain.run(first, given)


def _check(known: Mapping[str, JobDefinition], first: str, parameters: Mapping[str, str]) -> None:
    if first not in known:
        raise TrainyardError(ExitCode.CHAIN, f"There is no job {first}.", f"There are {', '.join(known)}.")
    if known[first].disabled:
        raise TrainyardError(ExitCode.CHAIN, f"{first}: is disabled.", "Enable it in jenkins-jobs/.")
    for name in parameters:
        if name not in {p.name for p in known[first].parameters}:
            raise TrainyardError(
                ExitCode.CHAIN, f"{first}: has no parameter {name}.", "Declare it in its job."
            )
    for job in known.values():
        for trigger in job.triggers:
            for target in trigger.jobs:
                if target not in known:
                    raise TrainyardError(
                        ExitCode.CHAIN,
                        f"{job.name}: triggers {target}, which does not exist.",
                        "Correct its name.",
                    )


class _Chain:
    def __init__(
        self,
        known: Mapping[str, JobDefinition],
        home: Path,
        say: Say,
        env: dict[str, str],
        stream: int,
        before: Callable[[Mapping[str, str]], None] | None,
    ) -> None:
        self.known = known
        self.folder = home.absolute() / "chain"  # steps run elsewhere
        self.say = say
        self.env = env
        self.stream = stream
        self.before = before
        self.signals = Signals()
        self.queue: deque[tuple[str, dict[str, str]]] = deque()

    def run(self, first: str, parameters: dict[str, str]) -> ChainResult:
        builds: list[Build] = []
        self.queue.append((first, parameters))
        while self.queue and self.signals.received is None:
            name, given = self.queue.popleft()
            if self.before is not None:
                self.before(given)
            builds.append(self.build(self.known[name], given))
        if self.signals.received is not None:
            where = f" during {builds[-1].job}" if builds else ""
            self.say(
                f"chain: ended by signal {self.signals.received}{where}; run it again to go on from there"
            )
        return ChainResult(tuple(builds), self.signals.received)

    def build(self, job: JobDefinition, given: dict[str, str]) -> Build:
        began = time.monotonic()
        values = {p.name: p.default.strip() if p.trim else p.default for p in job.parameters} | given
        with workspaces.held(self.folder / job.name) as workspace:
            number, record = workspaces.new_build(self.folder / job.name)
            log = record / "log"
            env = self.environment(job.name, number, workspace, values)
            self.say(f"{job.name} #{number}: started")
            for timer in job.timers:
                self.say(f"{job.name} #{number}: timer {timer!r} ignored")
            result, code = self.steps(job, record, workspace, env)
            result = self.archive(job, record, workspace, result)
            seconds = time.monotonic() - began
            self.say(f"{job.name} #{number}: {result} in {seconds:.1f} s")
            for trigger in job.triggers:
                if result in CONDITIONS[trigger.condition]:
                    self.trigger(job.name, trigger, workspace, values, env)
        workspaces.discard(self.folder / job.name, number, job.builds_kept)
        return Build(job.name, number, values, result, code, seconds, log)

    def environment(
        self, job: str, number: int, workspace: Path, values: Mapping[str, str]
    ) -> dict[str, str]:
        """The variables of Jenkins that mean something here; `trainyard` is found where this Python is."""
        path = self.env.get("PATH") or os.defpath
        return {
            **self.env,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{path}",
            "JOB_NAME": job,
            "BUILD_NUMBER": str(number),
            "BUILD_ID": str(number),
            "BUILD_TAG": f"jenkins-{job}-{number}",
            "WORKSPACE": str(workspace),
            **values,
        }

    def steps(
        self, job: JobDefinition, record: Path, workspace: Path, env: Mapping[str, str]
    ) -> tuple[Result, int]:
        result, code = Result.SUCCESS, 0
        for index, step in enumerate(job.steps, 1):
            script = record / f"step{index}.sh"
            script.write_text(step.command.replace("\r\n", "\n"), encoding="utf-8")
            try:
                code = run_step(
                    command_line(step, script),
                    workspace=workspace,
                    env=env,
                    log=record / "log",
                    stream=self.stream,
                    signals=self.signals,
                    say=self.say,
                )
            except (OSError, ValueError) as error:  # no such interpreter; a NUL in a value
                self.say(f"{job.name}: the step cannot be started: {error}")
                return Result.FAILURE, 127
            if self.signals.received is not None:
                return Result.ABORTED, code
            if code == step.unstable_return:
                result = Result.UNSTABLE
            elif code != 0:
                return Result.FAILURE, code
        return result, code

    def archive(self, job: JobDefinition, record: Path, workspace: Path, result: Result) -> Result:
        for archive in job.archives:
            if archive.only_if_successful and result not in CONDITIONS["UNSTABLE_OR_BETTER"]:
                continue
            kept = workspaces.copy_matching(workspace, archive.artifacts, record / "archive")
            if not kept and not archive.allow_empty and result in CONDITIONS["UNSTABLE_OR_BETTER"]:
                self.say(f"{job.name}: nothing to archive matches {', '.join(archive.artifacts)}")
                result = Result.FAILURE
        return result

    def trigger(
        self,
        job: str,
        trigger: Trigger,
        workspace: Path,
        values: Mapping[str, str],
        env: Mapping[str, str],
    ) -> None:
        given: dict[str, str] = {}
        for source in trigger.sources:
            match source:
                case PropertyFile(path, required):
                    file = workspace / expand(path, env)
                    try:
                        text = file.read_text(encoding="utf-8", errors="replace")
                    except FileNotFoundError:
                        if required:
                            return
                        continue
                    given |= load(expand(text, env))
                case Predefined(text):
                    given |= {name: expand(value, env) for name, value in load(text).items()}
                case CurrentParameters():
                    given |= values
        if not given and not trigger.without_parameters:
            self.say(f"{job}: starts nothing, as no parameter is set")
            return
        for target in trigger.jobs:
            declared = {p.name for p in self.known[target].parameters}
            for name in sorted(set(given) - declared):
                # SECURITY-170: Jenkins hands a build only the parameters that its job declares.
                self.say(f"{job}: parameter {name} is not declared by {target} and is dropped")
            item = (target, {name: value for name, value in given.items() if name in declared})
            if self.known[target].disabled:
                self.say(f"{job}: {target} is disabled and is not started")
            elif item not in self.queue:
                self.queue.append(item)


def command_line(step: Shell, script: Path) -> list[str]:
    """How Jenkins runs a shell step: by its `#!` line where there is one, else `/bin/sh -xe`."""
    first = step.command.partition("\n")[0].strip()
    if first.startswith("#!"):
        return [*first[2:].split(), str(script)]
    return ["/bin/sh", "-xe", str(script)]
