"""`trainyard gc`: what is not needed any more."""

from __future__ import annotations

import click
import msgspec

from trainyard.cli.output import answer, context, json_option
from trainyard.runs.untrusted import printable


@click.command()
@click.option("--apply", "really", is_flag=True, help="Remove it; without this it is only listed.")
@click.option("--runs", type=click.IntRange(min=0), help="Finished runs that each repo keeps ([keep] runs).")
@click.option("--days", type=click.FloatRange(min=0), help="What is younger is kept ([keep] days).")
@json_option
def gc(*, really: bool, runs: int | None, days: float | None, as_json: bool) -> None:
    """List orphaned containers, unused images and old runs; with --apply, remove them.

    Champions, runs under way and what they were made with always stay.
    """
    from trainyard.verbs.gc import collect, survey

    here = context()
    own = {name: value for name, value in {"runs": runs, "days": days}.items() if value is not None}
    found = survey(here, msgspec.structs.replace(here.config.keep, **own))
    kept = collect(here, found) if really else found
    rows = [
        {"kind": item.kind, "name": item.name, "why": item.why, "removed": item not in kept} for item in found
    ]
    lines = [f"{'removed' if row['removed'] else 'would go' if not really else 'kept'}: "
             f"{row['kind']} {row['name']}: {row['why']}" for row in rows]  # fmt: skip
    if found and not really:
        lines.append("Nothing was removed; --apply does.")
    answer(rows, printable("\n".join(lines) or "nothing to collect."), as_json)
