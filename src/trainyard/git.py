"""Git, run as all of Trainyard runs it: no hooks, no exotic transports, no questions."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from trainyard.exits import ExitCode, TrainyardError
from trainyard.faults import reach

SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "core.fsmonitor=false",
    "-c", "core.symlinks=true", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
    "-c", "safe.directory=*",
)  # fmt: skip
"""What every git command here is given before its verb."""


def git_environment() -> dict[str, str]:
    """This process's environment for a git that asks nobody and answers in English."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_DIR", "GIT_WORK", "GIT_INDEX"))}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_ASKPASS": "true"}


def git(
    arguments: list[str],
    *,
    cwd: Path | None = None,
    check: bool = True,
    extra: dict[str, str] | None = None,
    given: bytes | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Runs git with SAFE before its verb, in `git_environment`.

    Args:
        extra: more of the environment.
        given: its standard input.

    Raises:
        TrainyardError: NOT_FOUND where git is not installed or, with `check`, fails; DIED where it is killed.
    """
    reach("git", next((word for word in arguments if not word.startswith("-")), ""))
    try:
        done = subprocess.run(
            ["git", *SAFE, *arguments],
            cwd=cwd, env=git_environment() | (extra or {}), input=given or b"", capture_output=True,
            check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise TrainyardError(
            ExitCode.NOT_FOUND, "git is not installed.", "Install git and run again."
        ) from None
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise TrainyardError(
            ExitCode.DIED, f"git {arguments[0]} was ended by {name}.", "`trainyard monitor` does it again."
        )
    if check and done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        if "No space left" in said:
            raise OSError(28, "No space left on device")
        last = (said.splitlines() or ["no reason given"])[-1]
        raise TrainyardError(ExitCode.NOT_FOUND, f"git {arguments[0]} failed: {last}.")
    return done
