"""What every verb is given, and what all of them do alike: locking, failing, handing on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trainyard.config import HostConfig
from trainyard.executors.base import Executor
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home
from trainyard.runs.atomic import write_atomic
from trainyard.runs.files import Stage
from trainyard.runs.state import Failure
from trainyard.runs.store import Run

TERMINAL = frozenset(
    {
        ExitCode.NOT_FOUND,
        ExitCode.UNKNOWN_COMMIT,
        ExitCode.NO_TRAINING_CODE,
        ExitCode.AMBIGUOUS_ENTRY,
        ExitCode.SYNTAX_ERROR,
        ExitCode.UNSUPPORTED,
        ExitCode.BAD_CONFIG,
        ExitCode.SCRIPT_FAILED,
        ExitCode.MISSING_MODULE,
        ExitCode.OUT_OF_MEMORY,
        ExitCode.OUT_OF_TIME,
        ExitCode.NO_METRIC,
        ExitCode.OVER_QUOTA,
        ExitCode.SUPERSEDED,
        ExitCode.IMAGE_BUILD_FAILED,
    }
)
"""Failures of the pushed code or its settings: the run is over. All others leave it to be continued."""


@dataclass
class Context:
    """The host as a verb sees it.

    Attributes:
        say: prints one line for a person; never a part of the answer.
    """

    home: Home
    config: HostConfig
    say: Callable[[str], None]
    _executors: dict[str, Executor] = field(default_factory=dict)

    def executor(self, name: str) -> Executor:
        """The executor of that name (`docker`, `process`), or the best one for `auto`.

        Raises:
            TrainyardError: NO_EXECUTOR.
        """
        if name not in self._executors:
            from trainyard.executors.choose import choose

            self._executors[name] = choose(name, self.home.path)
        return self._executors[name]


@contextlib.contextmanager
def working_on(context: Context, run: Run, patience: float = 0.0) -> Iterator[None]:
    """Holds the run's lock; ends the run with a verdict where its own code or settings are at fault.

    Args:
        patience: seconds to wait for another holder.

    Raises:
        TrainyardError: whatever was raised inside, after it has been recorded.
    """
    with run.lock(patience):
        try:
            yield
        except TrainyardError as error:
            if error.code in TERMINAL:
                from trainyard.verbs.finish import finish

                state = run.load()
                if state.stage != Stage.FINISHED:
                    state.failure = Failure(code=error.code, message=error.message, hint=error.hint)
                    finish(context, run, state)
            raise


def hand_on(properties: Path | None, run: Run | None) -> None:
    """Writes the property file that tells the next job its run, or removes it so that no job follows."""
    if properties is None:
        return
    if run is None:
        properties.unlink(missing_ok=True)
    else:
        write_atomic(properties, f"RUN={run.key}\n".encode())
