"""`trainyard doctor`: what this host has and what it lacks."""

from __future__ import annotations

import sys

import click
import msgspec

from trainyard.cli.output import answer, context, json_option
from trainyard.exits import ExitCode

_MARKS = {"ok": ("ok     ", "green"), "warning": ("warning", "yellow"), "missing": ("MISSING", "red")}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check this host: engine, images, disk, memory, configuration. Exit code 43 where nothing can train."""
    from trainyard.doctor import examine

    checks = examine(context())
    lines = []
    for check in checks:
        word, colour = _MARKS[check.status]
        mark = click.style(word, fg=colour) if sys.stdout.isatty() else word
        lines.append(f"{mark}  {check.name}: {check.detail}")
        if check.fix:
            lines.append(f"         {check.fix}")
    healthy = all(check.status != "missing" for check in checks)
    answer({"healthy": healthy, "checks": msgspec.to_builtins(checks)}, "\n".join(lines), as_json)
    if not healthy:
        sys.exit(ExitCode.NO_EXECUTOR)
