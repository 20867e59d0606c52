"""Commands about trained models: predict, verify and patch."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from trainyard.cli.output import answer, context, json_option
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs import store


@click.command()
@click.argument("repo")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prepared", is_flag=True, help="The samples have been through the script's preprocessing.")
@json_option
def predict(*, repo: str, file: Path, prepared: bool, as_json: bool) -> None:
    """Ask REPO's promoted model about the samples in FILE (CSV, JSON or NPY).

    The model is loaded inside its image, sandboxed. A repo without a promoted model refuses with its numbers.
    """
    from trainyard.models import predict as do

    answered = do(context(), repo, file, prepared=prepared)
    answer(answered, "\n".join(str(p) for p in answered["predictions"]), as_json)


@click.command()
@click.argument("run_name", metavar="RUN", default="latest")
@json_option
def verify(*, run_name: str, as_json: bool) -> None:
    """Load RUN's saved model and measure it again on the data held out from it.

    Exit code 0: the verdict's number comes out again. 1: it does not.
    """
    from trainyard.models import verify as do

    here = context()
    checked = do(here, store.find(here.home, run_name))
    word = "reproduced" if checked.reproduced else "NOT reproduced"
    numbers = f"{checked.verdict:.4f} in the verdict, {checked.measured:.4f} measured again"
    text = f"{checked.run}: {checked.metric} {numbers}: {word}"
    answer(checked, text, as_json)
    if not checked.reproduced:
        sys.exit(1)


@click.command()
@click.argument("run_name", metavar="RUN", default="latest")
@json_option
def patch(*, run_name: str, as_json: bool) -> None:
    """Print RUN's patch: what makes the script itself build and train the winner (`| git apply`).

    Exit code 20 where there is none; the message says why.
    """
    here = context()
    run = store.find(here.home, run_name)
    found = run.load().patch
    if found is None or found.path is None:
        why = found.sentence if found else "There is no patch: nothing better than the pushed code is known."
        raise TrainyardError(ExitCode.NOT_FOUND, f"{run.key}: {why}")
    text = Path(found.path).read_bytes().decode(errors="replace")
    if as_json:
        answer({"run": run.key, "diff": text, **msgspec.structs.asdict(found)}, "", as_json)
    else:
        click.echo(text, nl=False)
