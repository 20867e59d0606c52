"""job6's look at what is served: the service brings back what dies, this finds what it did not see."""

from __future__ import annotations

from dataclasses import dataclass

from trainyard.executors.base import Status
from trainyard.exits import TrainyardError
from trainyard.runs import state as st
from trainyard.serve import view
from trainyard.verbs.context import Context

AGAIN = "again"
"""A file in `serve/` by which the service is asked to look at its containers itself."""
SILENT_SECONDS = 30.0
"""It writes down how it is every two seconds."""


@dataclass(frozen=True)
class Trouble:
    """A run whose model should answer and does not."""

    run: str
    action: str
    """In words."""


def look(context: Context, repo: str | None) -> list[Trouble]:
    """What is wrong with what `repo` (None: any) serves; a service that was told to end, or never ran, owes
    nothing. Asks the service to bring back what it does not know to be dead.
    """
    found, alive = view.read(context.home)
    if found is None or (found.stopped and not alive):
        return []
    silent = st.now() - st.parse(found.written)
    troubles = []
    for model in found.models:
        if repo not in (None, model.repo):
            continue
        if not alive:
            troubles.append(Trouble(model.run, f"is not served: the service died at {found.written}"))
        elif silent > SILENT_SECONDS:
            troubles.append(Trouble(model.run, "may not be served: its service is silent"))
        elif model.worker is None:
            troubles.append(Trouble(model.run, f"is not served: {model.state}: {model.trouble}"))
        elif _dead(context, model):
            (context.home.serve / AGAIN).touch()
            troubles.append(Trouble(model.run, "is not served: its container died: brought back"))
    return troubles


def _dead(context: Context, model: view.ModelView) -> bool:
    try:
        return context.executor(model.executor).state(model.worker or "").status != Status.RUNNING
    except TrainyardError:
        return False  # an engine that is away is no news of the container
