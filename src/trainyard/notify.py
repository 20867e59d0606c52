"""Announcing results through Apprise (https://github.com/caronc/apprise): any of its services, by URL."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.config import notify_urls
from trainyard.exits import ExitCode
from trainyard.faults import reach
from trainyard.runs.files import Outcome
from trainyard.runs.state import Verdict
from trainyard.verbs.context import Context

_TYPES = {
    Outcome.PROMOTED: "success",
    Outcome.CANDIDATE: "warning",
    Outcome.REFUSED: "warning",
    Outcome.FAILED: "failure",
}


def announce(context: Context, verdict: Verdict, log: Sequence[str] = ()) -> None:
    """Sends the verdict to every configured URL; one that fails is said, by its scheme, and loses nothing.

    Args:
        log: the last lines that the training printed, for a run whose code failed.
    """
    kind = "info" if _superseded(verdict) else _TYPES[verdict.outcome]
    for scheme in _send(context, *message(verdict, log), kind):
        context.say(
            f"warning: {verdict.run}: the notification to a {scheme}:// URL failed; the verdict stands."
        )


def tell(context: Context, title: str, body: str) -> None:
    """Sends what went wrong, and belongs to no verdict, to every configured URL."""
    for scheme in _send(context, title, body, "failure"):
        context.say(f"warning: {title}: the notification to a {scheme}:// URL failed.")


def message(verdict: Verdict, log: Sequence[str] = ()) -> tuple[str, str]:
    """Title and body, plain text."""
    title = f"{verdict.repo}: {'superseded' if _superseded(verdict) else verdict.outcome.value}"
    lines = [verdict.reason, f"commit {verdict.commit[:12]}, run {verdict.run}", f"report: {verdict.report}"]
    if verdict.failure and verdict.failure.hint:
        lines.insert(1, verdict.failure.hint)
    if log:
        lines += ["", "The last it printed:", *log]
    return title, "\n".join(lines)


def _superseded(verdict: Verdict) -> bool:
    return verdict.failure is not None and verdict.failure.code == ExitCode.SUPERSEDED


def _send(context: Context, title: str, body: str, kind: str) -> list[str]:
    """The schemes of those URLs that it could not be sent to."""
    urls = notify_urls(context.config.notify)
    return [url.split(":", 1)[0] for url in urls if not _sent(url, title, body, kind)]


def _sent(url: str, title: str, body: str, kind: str) -> bool:
    import logging

    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs URLs, and URLs hold tokens
    try:
        reach("notify", url.split(":", 1)[0])
        target = apprise.Apprise()
        return target.add(url) and bool(
            target.notify(body=body, title=title, notify_type=kind, body_format="text")
        )
    except Exception:  # noqa: BLE001 - a hundred services' own faults; a notification may not cost a verdict
        return False
