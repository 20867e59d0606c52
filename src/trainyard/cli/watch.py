"""`trainyard watch`: the service that sees pushes."""

from __future__ import annotations

from pathlib import Path

import click

from trainyard.cli.output import context
from trainyard.exits import ExitCode, TrainyardError


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Default: /etc/trainyard/watch.toml."
)
@click.option("--local", is_flag=True, help="Walk the embedded chain here instead of starting Jenkins' jobs.")
@click.option("--branch", default="main", show_default=True, help="Of the URLs: a name, or a pattern with *.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="A line an event."
)
def watch(*, urls: tuple[str, ...], config: Path | None, local: bool, branch: str, log: str) -> None:
    """Watch repositories and start job1 for every push, job6 for every training that dies.

    With URLs and --local nothing has to be configured. Ends on SIGTERM or SIGINT, and goes on where it was.
    """
    import asyncio
    import os

    from trainyard.watch import settings
    from trainyard.watch.local_chain import LocalTrigger
    from trainyard.watch.service import Watcher
    from trainyard.watch.triggers import JenkinsTrigger, Trigger

    if urls and not local:
        raise click.UsageError(
            "URLs go with --local; Jenkins' jobs belong to the repositories of watch.toml."
        )
    os.environ["TRAINYARD_LOG"] = log
    here = context()
    chosen = settings.of_urls(urls, branch) if urls else settings.read(config or settings.WATCH_FILE)
    trigger: Trigger
    if local:
        from trainyard.log import emit

        trigger = LocalTrigger(here.home, here.config.executor, emit)
    elif chosen.jenkins:
        trigger = JenkinsTrigger(chosen.jenkins)
    else:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, "watch.toml: has no [jenkins].", "Write one, or watch with --local."
        )

    async def work() -> None:
        await Watcher(here.home, chosen, trigger).run()

    asyncio.run(work())
