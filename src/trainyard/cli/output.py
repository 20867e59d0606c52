"""How commands answer: text for people, `--json` for machines, one line for a failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from trainyard.config import host_config
from trainyard.exits import TrainyardError
from trainyard.home import Home, default_home
from trainyard.log import emit
from trainyard.runs.untrusted import escaped, printable
from trainyard.verbs.context import Context

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """The `--json` flag that every answering verb has."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document on stdout.")(
        command
    )


def answer(value: Any, text: str, as_json: bool) -> None:
    """Prints a command's answer on stdout."""
    if as_json:
        text = escaped(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
    click.echo(text)


def say(line: str) -> None:
    """Prints a line of progress on stderr; what a repository puts into it cannot drive the terminal."""
    emit(line)


def fail(error: TrainyardError, as_json: bool) -> int:
    """Prints a failure and returns its exit code."""
    if as_json:
        known = {
            "code": int(error.code),
            "name": error.code.name.lower().replace("_", "-"),
            "message": error.message,
            "hint": error.hint,
        }
        click.echo(escaped(msgspec.json.encode({"error": known}).decode()))
    prefix = click.style("trainyard:", fg="red", bold=True) if sys.stderr.isatty() else "trainyard:"
    click.echo(f"{prefix} {printable(str(error))}", err=True)
    return int(error.code)


def context() -> Context:
    """The host's context: its configuration, its state home, lines to stderr."""
    config = host_config()
    named = None if "TRAINYARD_HOME" in os.environ else config.home
    home = Path(named) if named else default_home()
    if config.base_image:
        os.environ.setdefault("TRAINYARD_BASE_IMAGE", config.base_image)
    return Context(Home(home), config, say)
