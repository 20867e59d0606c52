"""Announcing: a real HTTP receiver, and a failing one that costs nothing and leaks nothing."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trainyard.config import HostConfig, NotifyTable
from trainyard.exits import ExitCode
from trainyard.home import Home
from trainyard.notify import announce
from trainyard.runs.files import Metric, Outcome, Split
from trainyard.runs.state import Failure, Verdict
from trainyard.verbs.context import Context


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[Any]]]:
    received: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()


def verdict(outcome: Outcome, failure: Failure | None = None) -> Verdict:
    metric = Metric(name="accuracy", value=0.93, split=Split.TEST, origin="evaluate")
    return Verdict(
        schema=1,
        run="r/1",
        repo="r",
        commit="c" * 40,
        outcome=outcome,
        reason="accuracy 0.93: at the target",
        target=0.9,
        floor=0.8,
        metric=metric,
        baseline=metric,
        best_trial=0,
        trials=[],
        retrains=0,
        cpu_seconds=1.0,
        model=None,
        report="/x/report.html",
        serving=False,
        findings=[],
        failure=failure,
    )


def told(urls: list[str], outcome: Outcome, failure: Failure | None = None) -> list[str]:
    lines: list[str] = []
    here = Context(Home(Path("/x")), HostConfig(notify=NotifyTable(urls=urls)), lines.append)
    announce(here, verdict(outcome, failure))
    return lines


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [(Outcome.PROMOTED, "success"), (Outcome.REFUSED, "warning"), (Outcome.FAILED, "failure")],
)
def test_success_refusal_and_failure_are_sent_with_reason_and_report(
    receiver: tuple[str, list[Any]], outcome: Outcome, kind: str
) -> None:
    url, received = receiver
    assert told([url], outcome) == []
    [message] = received
    assert message["type"] == kind
    assert outcome.value in message["title"]
    assert "at the target" in message["message"]
    assert "report.html" in message["message"]


def test_a_superseded_run_is_announced_as_that_and_not_as_a_failure(receiver: tuple[str, list[Any]]) -> None:
    url, received = receiver
    told([url], Outcome.FAILED, Failure(code=ExitCode.SUPERSEDED, message="superseded by the push of abc."))
    assert (received[0]["type"], received[0]["title"]) == ("info", "r: superseded")


def test_a_failing_notification_is_said_without_its_secrets_and_the_others_are_sent(
    receiver: tuple[str, list[Any]],
) -> None:
    url, received = receiver
    [said] = told(["json://user:s3cret@127.0.0.1:9/token", url], Outcome.PROMOTED)
    assert "json://" in said
    assert "s3cret" not in said
    assert "token" not in said
    assert len(received) == 1
