"""Walking one repository's jobs from one of them on, holding the runs that come up on the way."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping

from trainyard.chain.execute import ChainResult, execute
from trainyard.chain.render import render
from trainyard.home import Home
from trainyard.runs import store

LOOK_SECONDS = 5.0
"""For `monitor`, which holds a run while it looks at it; another chain holds it for longer."""


def walk(
    home: Home,
    repo: str,
    first: str,
    parameters: Mapping[str, str],
    env: Mapping[str, str],
    *,
    say: Callable[[str], None],
    stream: int = 2,
    before: Callable[[str | None], None] = lambda run: None,
) -> ChainResult:
    """Starts the job `first` (`job1-pull`) of the repo called `repo` and follows its triggers.

    Args:
        parameters: of the first job.
        env: what the steps get besides this process's environment.
        stream: where their output goes, a descriptor.
        before: called with a build's RUN (None for job1) before it starts.
    """
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
            render(repo, cache=home.path / "chain" / "cache"),
            f"{repo}-{first}",
            parameters,
            home=home.path,
            say=say,
            env={**os.environ, "TRAINYARD_HOME": str(home.path), store.HELD: "yes", **env},
            stream=stream,
            before=hold,
        )
