"""`trainyard serve`: the service that answers with champions."""

from __future__ import annotations

import click

from trainyard.cli.output import context


@click.command()
@click.option("--listen", default="127.0.0.1:8501", show_default=True, help="Nobody has to log in.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="A line an event."
)
def serve(*, listen: str, log: str) -> None:
    """Answer predictions of every repo's champion over HTTP, as TensorFlow Serving does.

    Each model stays loaded in a sandbox of its own; a new champion takes over without a gap, and one that
    dies is brought back. Ends on SIGTERM or SIGINT.
    """
    import asyncio
    import os

    from trainyard.serve.service import Service

    os.environ["TRAINYARD_LOG"] = log
    here = context()

    async def work() -> None:
        await Service(here, listen).run()

    asyncio.run(work())
