"""`trainyard images`: the training images, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli.output import answer, context, json_option

if TYPE_CHECKING:
    from trainyard.images.ready import Ready


@click.group()
def images() -> None:
    """The training images of this host's Docker Engine."""


@images.command("build")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--smoke", is_flag=True, help="Also train once in each, unless it has passed before.")
@json_option
def build(*, names: tuple[str, ...], smoke: bool, as_json: bool) -> None:
    """Build the images NAME..., their parents first. Does nothing where they are there.

    A push builds the image that it needs; this has it ready before.
    """
    from trainyard.config import limits
    from trainyard.executors.docker import DockerExecutor
    from trainyard.images.ready import ready

    here = context()
    home, bounds = here.home.path, limits(here.config)
    executor = DockerExecutor(home)
    done = [ready(executor, name, home=home, limits=bounds, smoke=smoke, say=here.say) for name in names]
    lines = [f"{each.tag}: {_did(each)}" for each in done]
    answer(done, "\n".join(lines), as_json)


def _did(each: Ready) -> str:
    did = [word for word, true in (("built", each.built), ("trained", each.trained)) if true]
    return " and ".join(did) or "was ready"
