"""What the serving service shows of itself: `serve/status.json` in the state home."""

from __future__ import annotations

import contextlib

import msgspec

from trainyard import gate
from trainyard.home import Home
from trainyard.runs.atomic import is_locked
from trainyard.runs.files import SCHEMA, Metric


class ModelView(msgspec.Struct, kw_only=True):
    """One repo."""

    repo: str
    run: str
    """Who answers, or is to."""
    trial: int
    metric: Metric
    state: str
    """`serving`, `loading`, `waiting` or `given up`."""
    trouble: str
    requests: int
    errors: int
    restarts: int
    executor: str
    worker: str | None
    """The training that holds it, by its executor's name for it."""


class View(msgspec.Struct, kw_only=True):
    """The whole file. Times: UTC, ISO 8601."""

    schema: int = SCHEMA
    started: str
    written: str
    listen: str
    stopped: bool
    """Whether it ended because it was told to."""
    models: list[ModelView]


def write(home: Home, view: View) -> None:
    """Replaces the file; it is worth nothing after a crash, and a full disk may not end the serving."""
    temporary = home.serve / ".status.json.new"
    with contextlib.suppress(OSError):
        temporary.write_bytes(msgspec.json.encode(view))
        temporary.replace(home.serve / "status.json")


def read(home: Home) -> tuple[View | None, bool]:
    """The last view, None where the service never ran here; and whether it runs now."""
    try:
        view = msgspec.json.decode((home.serve / "status.json").read_bytes(), type=View)
    except (OSError, msgspec.DecodeError):
        view = None
    return view, is_locked(home.serve / "lock")


def living(home: Home) -> set[str]:
    """Names of the trainings that the running service holds; none where none runs."""
    if not is_locked(home.serve / "lock"):
        return set()
    return {folder.name for folder in home.serve.glob("*/serve-*")}


def url(home: Home, repo: str, run: str) -> str | None:
    """Where that run's model answers now; None where it does not."""
    view, alive = read(home)
    for model in view.models if view and alive else ():
        if (model.repo, model.run, model.state) == (repo, run, "serving"):
            return f"http://{view.listen}/v1/models/{repo}:predict" if view else None
    return None


def lines(view: View, alive: bool) -> list[str]:
    """For people: how the service is, then every model."""
    if not alive:
        word = "stopped" if view.stopped else "NOT RUNNING"
        return [f"serving: {word} since {view.written}"]
    rows = [("SERVED", "RUN", "NUMBER", "REQUESTS", "ERRORS", "RESTARTS", "")]
    for model in view.models:
        wrong = model.trouble if model.state == "serving" else f"{model.state}: {model.trouble}".rstrip(": ")
        number = f"{gate.canonical(model.metric.name)} {model.metric.value:.4f}"
        counts = (str(model.requests), str(model.errors), str(model.restarts))
        rows.append((model.repo, model.run.partition("/")[2], number, *counts, wrong))
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    found = [f"serving: http://{view.listen} since {view.started}"]
    for row in rows if view.models else ():
        cells = (cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True))
        found.append("  ".join(cells).rstrip())
    return found
