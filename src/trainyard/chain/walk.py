"""Walking one repository's jobs from one of them on, holding the runs that come up on the way."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trainyard.chain.execute import ChainResult, execute
from trainyard.chain.render import render
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home
from trainyard.runs import store

LOOK_SECONDS = 5.0
"""For `monitor`, which holds a run while it looks at it; another chain holds it for longer."""


@dataclass(frozen=True, kw_only=True)
class RepoJobs:
    """What jenkins-jobs/repos.yaml says of one repo.

    `policy` is text as `trainyard pull --policy` takes it (`preset=serve-above-90 max_trials=5`).
    """

    name: str
    url: str
    branch: str
    policy: str = ""

    def parameters(self) -> dict[str, str]:
        """What job1 would have as its parameters' defaults.

        Raises:
            TrainyardError: BAD_CONFIG for a character that a job's XML cannot hold.
        """
        values = {"url": self.url, "branch": self.branch, "policy": self.policy}
        for field, value in values.items():
            for char in value:
                if (
                    ord(char) < 0x20
                    or 0x7F <= ord(char) < 0xA0
                    or 0xD800 <= ord(char) < 0xE000
                    or char in "\ufffe\uffff"
                ):
                    raise TrainyardError(
                        ExitCode.BAD_CONFIG,
                        f"{self.name}: {field} holds the character {char!r}, which a job cannot carry.",
                        "Use a name without control characters.",
                    )
        return {field.upper(): value for field, value in values.items()}


def walk(
    home: Home,
    repo: RepoJobs,
    first: str,
    parameters: Mapping[str, str],
    env: Mapping[str, str],
    *,
    say: Callable[[str], None],
    stream: int = 2,
    before: Callable[[str | None], None] = lambda run: None,
) -> ChainResult:
    """Starts the repository's job `first` (`job1-pull`) and follows its triggers.

    Args:
        parameters: of the first job, before those that the repo itself gives to job1.
        env: what the steps get besides this process's environment.
        stream: where their output goes, a descriptor.
        before: called with a build's RUN (None for job1) before it starts.
    """
    own = repo.parameters()
    with contextlib.ExitStack() as locks:
        held: set[str] = set()

        def hold(given: Mapping[str, str]) -> None:
            """Keeps `monitor` from taking a run up while this chain is between two of its verbs."""
            key = given.get("RUN")
            if key and key not in held:
                locks.enter_context(store.find(home, key).chain_lock(LOOK_SECONDS))
                held.add(key)
            before(key)

        return execute(
            render(repo.name, cache=home.path / "chain" / "cache"),
            f"{repo.name}-{first}",
            {**own, **parameters} if first == "job1-pull" else parameters,
            home=home.path,
            say=say,
            env={**os.environ, "TRAINYARD_HOME": str(home.path), store.HELD: "yes", **env},
            stream=stream,
            before=hold,
        )
