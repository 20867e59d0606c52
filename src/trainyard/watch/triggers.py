"""Starting job1 and job6: what every way of it has in common, and the way through Jenkins' API."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from trainyard.watch.journal import Push
from trainyard.watch.settings import JenkinsTable, RepoTable, secrets

if TYPE_CHECKING:
    from jenkins import Jenkins

_SECONDS = 10


class TriggerError(Exception):
    """Nothing was started; the same is tried again later. The message is one line for a person."""


class Progress(StrEnum):
    """What became of a started job1."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It ended without a run; docs/reference/watch.md says when it is started again."""
    LOST = "lost"
    """Nobody knows of it any more: a killed Jenkins forgets its queue."""


class Trigger(Protocol):
    """Starts jobs. All of it blocks, and may be called from several threads."""

    def start(self, repo: RepoTable, push: Push) -> int:
        """Starts job1 for `push`; what to ask `look` with.

        Raises:
            TriggerError
        """
        ...

    def look(self, repo: RepoTable, push: Push) -> Progress:
        """What became of `push.item`; notes the build in `push.build`.

        Raises:
            TriggerError
        """
        ...

    def monitor(self, repo: RepoTable) -> None:
        """Starts job6 for the repository.

        Raises:
            TriggerError
        """
        ...


class JenkinsTrigger:
    """Through Jenkins' API, with one kept connection a thread.

    Args:
        table: the address and the account. The token is read again after a refusal: it may have been rotated.
    """

    def __init__(self, table: JenkinsTable) -> None:
        self._table = table
        self._kept = threading.local()

    def start(self, repo: RepoTable, push: Push) -> int:
        with self._errors(f"{repo.name}-job1-pull"):
            parameters = {"BRANCH": push.branch, "COMMIT": push.commit}
            return int(self._client().build_job(f"{repo.name}-job1-pull", parameters))

    def look(self, repo: RepoTable, push: Push) -> Progress:
        job = f"{repo.name}-job1-pull"
        with self._errors(job):
            if push.build is None:
                item = _known(self._client().get_queue_item, push.item)
                # a killed Jenkins counts from an older number again
                if item is None or _commit(item) not in (push.commit, None):
                    return Progress.LOST
                if not item.get("executable"):
                    # cancelled: somebody's decision
                    return Progress.DONE if item.get("cancelled") else Progress.WAITING
                push.build = int(item["executable"]["number"])
            build = _known(self._client().get_build_info, job, push.build)
        if build is None or _commit(build) not in (push.commit, None):
            return Progress.LOST
        if build.get("building"):
            return Progress.RUNNING
        # no result: Jenkins was killed in the middle of it
        by_result = {"FAILURE": Progress.FAILED, None: Progress.LOST}
        return by_result.get(build.get("result"), Progress.DONE)

    def monitor(self, repo: RepoTable) -> None:
        with self._errors(f"{repo.name}-job6-monitor"):
            self._client().build_job(f"{repo.name}-job6-monitor", {"REPO": repo.name})

    def _client(self) -> Jenkins:
        client: Jenkins | None = getattr(self._kept, "client", None)
        if client is None:
            from jenkins import Jenkins

            token = secrets(self._table.token_file)[0].split()[0].decode()
            client = Jenkins(self._table.url, self._table.user, token, timeout=_SECONDS, retries=0)
            self._kept.client = client
        return client

    @contextlib.contextmanager
    def _errors(self, job: str) -> Iterator[None]:
        from jenkins import JenkinsException, NotFoundException
        from requests import RequestException

        try:
            yield
        except NotFoundException:
            raise TriggerError(f"Jenkins has no {job} (playbooks/jobs.yml loads it)") from None
        except (JenkinsException, RequestException) as error:
            self._kept.client = None
            code = getattr(getattr(error, "response", None), "status_code", None)
            if code == 409:
                raise TriggerError(f"{job} is disabled") from None
            raise TriggerError(f"Jenkins does not take {job}: {str(error).splitlines()[0][:200]}") from None


def _known(ask: Callable[..., dict[str, Any]], *what: object) -> dict[str, Any] | None:
    """What Jenkins answers; None where it does not know of it."""
    from jenkins import JenkinsException

    try:
        return ask(*what)
    except JenkinsException as error:
        if "does not exist" in str(error):
            return None
        raise


def _commit(answer: dict[str, Any]) -> str | None:
    """The parameter COMMIT of a queue item or build; None where Jenkins names no parameters."""
    for action in answer.get("actions") or []:
        for parameter in action.get("parameters") or []:
            if parameter.get("name") == "COMMIT":
                return str(parameter.get("value"))
    return None
