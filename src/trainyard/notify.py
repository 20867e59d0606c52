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
    for url in notify_urls(context.config.notify):
        scheme = url.split(":", 1)[0]
        if not _send(url, verdict, log):
            context.say(
                f"warning: {verdict.run}: the notification to a {scheme}:// URL failed; the verdict stands."
            )


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


def _send(url: str, verdict: Verdict, log: Sequence[str]) -> bool:
    import logging

    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs URLs, and URLs hold tokens
    title, body = message(verdict, log)
    try:
        reach("notify", url.split(":", 1)[0])
        target = apprise.Apprise()
        kind = "info" if _superseded(verdict) else _TYPES[verdict.outcome]
        return target.add(url) and bool(
            target.notify(body=body, title=title, notify_type=kind, body_format="text")
        )
    except Exception:  # noqa: BLE001 - a hundred services' own faults; a notification may not cost a verdict
        return False
