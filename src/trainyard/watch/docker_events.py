"""Docker's event stream: a training container that dies starts job6 at once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trainyard.faults import reach
from trainyard.verbs.endings import DISK_FULL_EXIT, NOTHING_MEASURED_EXIT

if TYPE_CHECKING:
    from docker import APIClient

OWN_ENDINGS = frozenset({0, 1, 2, NOTHING_MEASURED_EXIT, DISK_FULL_EXIT})
"""Exit codes with which a training ends by itself: job3, which waits for it, sees to those."""
_SILENCE = 60
"""Seconds without an event after which the stream is opened anew: a connection can die without a word."""


def repo_of(attributes: dict[str, str], home: str) -> str | None:
    """The repo of a training container that died unnaturally, from its event's attributes; else None."""
    repo, slash, _ = attributes.get("trainyard.run", "").partition("/")
    if attributes.get("trainyard.home") != home or not slash:
        return None
    try:
        code = int(attributes.get("exitCode", ""))
    except ValueError:
        code = -1
    return None if code in OWN_ENDINGS else repo


class DockerEvents:
    """Follows the stream in a thread, across restarts of the engine.

    Args:
        home: the state home, as the containers' label names it.
        since: seconds since the epoch; the engine remembers some hundred events before now.
        died: called, in that thread, with the repo of a training that died.
    """

    def __init__(self, home: str, since: float, died: Callable[[str], None]) -> None:
        self._home, self._since, self._died = home, since, died
        self.trouble = "not connected yet"
        """Why there is no stream; empty while there is one."""
        self._ended = False

    def start(self) -> None:
        threading.Thread(target=self._follow, name="docker-events", daemon=True).start()

    def stop(self) -> None:
        self._ended = True

    def _follow(self) -> None:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        pause = 1.0
        while not self._ended:
            try:
                self._stream()
                pause = 1.0
            except (DockerException, RequestException, OSError, ValueError) as error:
                silent = "timed out" in str(error).lower()
                if not silent:
                    self.trouble = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
                    time.sleep(pause)
                    pause = min(pause * 2, 30.0)

    def _stream(self) -> None:
        api = _connected()
        with contextlib.closing(api):
            filters: dict[str, Any] = {
                "type": "container",
                "event": ["die"],
                "label": [f"trainyard.home={self._home}"],
            }
            since: Any = self._since
            reach("docker", "get events")
            # what happened while nobody listened comes first
            events = api.events(since=since, filters=filters, decode=True)
            self.trouble = ""
            for event in events:
                self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        moment = event.get("timeNano", 0) / 1e9
        if moment <= self._since:
            return
        self._since = moment
        if repo := repo_of(event.get("Actor", {}).get("Attributes", {}), self._home):
            self._died(repo)


def _connected() -> APIClient:
    import docker
    from docker.utils import kwargs_from_env

    return docker.APIClient(version="auto", timeout=_SILENCE, **kwargs_from_env())
