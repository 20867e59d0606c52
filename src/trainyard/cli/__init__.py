"""The `trainyard` command: one verb per job, and some for people."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from trainyard import __version__
from trainyard.cli.output import fail
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.atomic import disk_full, is_disk_full

# Imported when called for: a chain starts this program once per job.
_COMMANDS = {
    "run": "trainyard.cli.run",
    "predict": "trainyard.cli.models",
    "verify": "trainyard.cli.models",
    "detect": "trainyard.cli.look",
    "status": "trainyard.cli.look",
    "show": "trainyard.cli.look",
    "logs": "trainyard.cli.look",
    "patch": "trainyard.cli.models",
    "stop": "trainyard.cli.jobs",
    "doctor": "trainyard.cli.doctor",
    "images": "trainyard.cli.images",
    "watch": "trainyard.cli.watch",
    "serve": "trainyard.cli.serve",
    "pull": "trainyard.cli.jobs",
    "launch": "trainyard.cli.jobs",
    "evaluate": "trainyard.cli.jobs",
    "tweak": "trainyard.cli.jobs",
    "retrain": "trainyard.cli.jobs",
    "monitor": "trainyard.cli.jobs",
    "gc": "trainyard.cli.gc",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(module), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong table above is our own fault
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="trainyard")
@click.option("--home", metavar="DIR", help="Where runs and models are kept (default: $TRAINYARD_HOME).")
def cli(home: str | None) -> None:
    """Push training code. Get a gated model, or a reasoned refusal.

    `trainyard run PATH` walks the six jobs here and now; `pull`, `launch`, `evaluate`, `tweak`, `retrain`
    and `monitor` are what the Jenkins jobs call. Exit codes: docs/reference/exit-codes.md.
    """
    if home:
        os.environ["TRAINYARD_HOME"] = os.path.abspath(home)  # noqa: PTH100 - lexical, as a shell would


def main() -> None:
    """Entry point: every failure becomes one clear line and its exit code."""
    wants_json = "--json" in sys.argv
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        code = int(ExitCode.USAGE)
    except TrainyardError as error:
        code = fail(error, wants_json)
    except (KeyboardInterrupt, click.Abort):
        click.echo("trainyard: interrupted; run the same command again to go on.", err=True)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except OSError as error:
        where = Path(str(error.filename or "the state home"))
        code = fail(
            disk_full(where)
            if is_disk_full(error)
            else TrainyardError(ExitCode.INTERNAL, f"{where}: {error.strerror or error}."),
            wants_json,
        )
    sys.exit(code)
