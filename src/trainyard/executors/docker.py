"""Trainings in containers that hold nothing of the host, through Docker's own SDK."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainyard.executors import datasets
from trainyard.executors.base import State, Status, Training
from trainyard.executors.choose import why_no_engine
from trainyard.executors.endings import TIMED_OUT, judge
from trainyard.executors.environment import ca_environment, network_environment, training_environment
from trainyard.executors.names import safe_name
from trainyard.executors.peak import Peak
from trainyard.executors.sandbox import CA_INSIDE, host_config, user
from trainyard.exits import ExitCode, TrainyardError
from trainyard.faults import reach

if TYPE_CHECKING:
    from docker import APIClient

    from trainyard.images.unused import Tagged

_YOUNG_SECONDS = 600.0
_TIMEOUT = 60
"""Seconds for one answer of the engine; starting on a busy disk takes a few."""


class DockerExecutor:
    """Runs trainings on the Docker Engine of this machine.

    Args:
        home: the state home.
    """

    name = "docker"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._peaks: dict[str, Peak] = {}
        """Of the trainings waited for here."""

    @functools.cached_property
    def _api(self) -> APIClient:
        import docker
        from docker.utils import kwargs_from_env
        from requests.exceptions import ConnectionError

        class Client(docker.APIClient):
            def request(self, method: str, url: str, **more: Any) -> Any:  # type: ignore[override]
                try:
                    reach("docker", f"{method.lower()} {url.partition('?')[0].rpartition('/')[2]}")
                except OSError as error:  # as the SDK raises what goes wrong on its socket
                    raise ConnectionError(error) from error
                return super().request(method, url, **more)

        with _engine_errors():
            return Client(version="auto", timeout=_TIMEOUT, **kwargs_from_env())

    def prepare(
        self, image: str, requirements: Path | None, say: Callable[[str], None], log: Path | None = None
    ) -> str:
        """See `Executor.prepare`. The full log of a build goes to `log`, else below the state home."""
        from trainyard.images.docker import prepare

        try:
            with _engine_errors():
                return prepare(self._api, image, requirements, home=self._home, say=say, log=log)
        except TrainyardError as error:
            # a build that ended with its engine says nothing about the code
            if error.code == ExitCode.IMAGE_BUILD_FAILED and (why := why_no_engine()):
                raise TrainyardError(
                    ExitCode.NO_EXECUTOR, f"The Docker Engine went away during a build: {why}.", error.hint
                ) from error
            raise

    def has(self, image: str) -> bool:
        """Whether the engine has the catalogue's `image` as it would be built now."""
        from trainyard.images.build import has

        with _engine_errors():
            return has(self._api, self._reference(image))

    def start(self, training: Training, command: list[str] | None = None) -> None:
        container = _container(training.name)
        with _engine_errors():
            if not self._create(training, command, container):
                if self._api.inspect_container(container)["State"]["Status"] != "created":
                    return
                # A start that was killed half way. Where it was the engine, containerd holds half of it and
                # refuses that id for ever ("id already in use"), so it is made anew.
                self._api.remove_container(container, v=True, force=True)
                self._create(training, command, container)
            self._api.start(container)

    def state(self, name: str) -> State:
        from docker.errors import NotFound

        with _engine_errors():
            try:
                found = self._api.inspect_container(_container(name))
            except NotFound:
                return State(Status.ABSENT)
            event = functools.partial(self._memory_event, found["Id"])
            peak = self._peaks.get(name, Peak()).bytes
            return judge(found["State"], event, found["HostConfig"]["Memory"], peak)

    def wait(self, name: str, timeout: float | None) -> State:
        from docker.errors import NotFound
        from requests.exceptions import ReadTimeout, RequestException

        deadline = None if timeout is None else time.monotonic() + timeout
        datasets.keep_open(self._home, name)
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return self.state(name)
            # the engine answers the moment the container ends; a read timeout is the only other way out
            with contextlib.suppress(ReadTimeout, NotFound):
                try:
                    self._await(name, _seconds(left))
                except RequestException as error:
                    if isinstance(error, (NotFound, ReadTimeout)):
                        raise
                    if "timed out" not in str(error).lower():  # urllib3's timeout arrives as either
                        self._outlast_restart(deadline)
            state = self.state(name)
            if state.status != Status.RUNNING:
                return state

    def _await(self, name: str, seconds: Any) -> None:
        container = _container(name)
        found = self._api.inspect_container(container)
        with self._peaks.setdefault(name, Peak()).watching(found["State"]["Pid"], found["Id"]):
            self._api.wait(container, timeout=seconds)

    def stop(self, name: str, grace: float) -> None:
        from docker.errors import NotFound

        with _engine_errors(), contextlib.suppress(NotFound):
            self._api.stop(_container(name), timeout=max(0, round(grace)))

    def remove(self, name: str) -> None:
        from docker.errors import NotFound

        with _engine_errors(), contextlib.suppress(NotFound):
            self._api.remove_container(_container(name), v=True, force=True)
        datasets.close_door(self._home, name)

    def logs(self, name: str, *, follow: bool = True) -> Iterator[bytes]:
        from docker.errors import NotFound
        from requests.exceptions import RequestException

        # an engine that restarts ends the stream; what it printed stays readable afterwards
        with contextlib.suppress(NotFound, RequestException):
            yield from self._api.logs(_container(name), stream=True, follow=follow)

    def run(self, training: Training, command: list[str], timeout: float) -> tuple[int, bytes]:
        """See `Executor.run`; the exit code is TIMED_OUT where `timeout` ended it."""
        container = _container(training.name)
        self.remove(training.name)
        try:
            with _engine_errors():
                self._create(training, command, container)
                self._api.start(container)
            state = self.wait(training.name, timeout)
            if state.status == Status.RUNNING:
                self.stop(training.name, 0)
            with _engine_errors():
                output: bytes = self._api.logs(container)
        finally:
            self.remove(training.name)
        if state.status == Status.RUNNING:
            return TIMED_OUT, output
        if state.status == Status.OUT_OF_MEMORY:
            output += f"\n{state.detail}\n".encode()
        return state.exit_code if state.exit_code is not None else 1, output

    def orphans(self, wanted: Collection[str]) -> list[tuple[str, str]]:
        """Ids and names of this state home's containers that are none of the `wanted` trainings.

        One that runs, or was only created, is given ten minutes: a prediction, or a start under way.
        """
        with _engine_errors():
            found = self._api.containers(all=True, filters={"label": f"trainyard.home={self._home}"})
            builds = self._api.containers(all=True, filters={"name": "^/trainyard-build-"})
        old = time.time() - _YOUNG_SECONDS
        return [
            (one["Id"], one["Names"][0].lstrip("/"))
            for one in found + builds
            if one["Labels"].get("trainyard") not in wanted
            and (one["Created"] < old or (one["State"] in ("exited", "dead") and one in found))
        ]

    def unused_images(self, referred: Collection[str], before: float) -> list[Tagged]:
        """Tags of training images made before that time that nothing needs (`trainyard.images.unused`)."""
        from trainyard.images import unused

        with _engine_errors():
            needed = unused.needed(self._api, self._home, referred)
            return unused.unused(unused.tagged(self._api), needed, before)

    def forget(self, *, container: str | None = None, image: str | None = None) -> bool:
        """Removes a container by its id, or an image's tag; whether the engine did so."""
        from docker.errors import APIError

        try:
            if container is not None:
                self._api.remove_container(container, v=True, force=True)
            if image is not None:
                self._api.remove_image(image)
        except APIError:
            return False
        return True

    def _create(self, training: Training, command: list[str] | None, container: str) -> bool:
        """Whether a container was made; not where one of that name is there already."""
        from docker.errors import APIError, ImageNotFound

        uid, gid = user()
        open_to(uid, gid, source=training.source, trial=training.trial)
        read_only = {"/src": training.source}
        environment = {"TRAINYARD_SOURCE": "/src"}
        if training.parent is not None:
            read_only["/parent"] = training.parent
            environment["TRAINYARD_PARENT"] = "/parent"
        writable = {}
        if training.trial is not None:
            writable["/trial"] = training.trial
            environment["TRAINYARD_TRIAL"] = "/trial"
        entrypoint = ["python", "-m", *command] if command is not None else None
        if training.limits.network == "full":
            environment |= network_environment(CA_INSIDE)
        elif training.limits.network == "datasets":
            environment |= ca_environment(CA_INSIDE) | datasets.environment(datasets.CACHE_INSIDE)
            writable[datasets.CACHE_INSIDE] = datasets.cache_of(self._home, training.limits, (uid, gid))
            read_only[datasets.DOOR_INSIDE] = datasets.open_door(self._home, training)
            read_only[datasets.RELAY_INSIDE] = datasets.RELAY
            entrypoint = ["python", datasets.RELAY_INSIDE, datasets.DOOR_INSIDE]
            entrypoint += ["python", "-m", *(command or ["trainyard_harness"])]
        flags = host_config(training.limits, read_only=read_only, writable=writable, build=False)
        try:
            self._api.create_container(
                self._reference(training.image),
                entrypoint=entrypoint,
                name=container,
                user=f"{uid}:{gid}",
                hostname="trainyard",
                environment=training_environment(training.limits) | training.env | environment,
                labels={"trainyard": training.name, **training.labels},
                host_config=self._api.create_host_config(**flags),
            )
        except ImageNotFound:
            raise TrainyardError(
                ExitCode.IMAGE_BUILD_FAILED,
                f"The image {training.image} is gone from the engine.",
                "Launch the run again: that builds it.",
            ) from None
        except APIError as error:
            if error.status_code == 409:  # the name is taken
                return False
            raise
        return True

    def _reference(self, image: str) -> str:
        from trainyard.images.build import current_tag

        return image if "/" in image else current_tag(self._api, image, self._home)

    def _memory_event(self, container: str) -> bool:
        """Whether the engine saw the kernel kill for memory; its flag on the container can miss a child's."""
        filters = {"container": [container], "event": ["oom"]}
        now: Any = time.time()  # the engine takes fractions, the SDK's stubs only whole seconds
        return any(self._api.events(since=0, until=now, filters=filters, decode=True))

    def _outlast_restart(self, deadline: float | None) -> None:
        """Waits for an engine that went away in the middle of an answer, at most half a minute."""
        until = min(time.monotonic() + 30, deadline or float("inf"))
        while time.monotonic() < until:
            time.sleep(0.1)
            with contextlib.suppress(Exception):
                self._api.ping()
                return


def open_to(uid: int, gid: int, *, source: Path, trial: Path | None) -> None:
    """Lets the user of the container read `source` and write `trial`. Symbolic links are never followed."""
    if os.getuid() != 0:
        return
    # chown(1) and chmod(1) go as deep as a tree may be; fwalk has an end of descriptors and of stack
    if trial is not None:
        _tell("chown", "--recursive", "--no-dereference", f"{uid}:{gid}", trial)
    if source.stat().st_mode & 0o005 == 0o005:
        return
    _tell("chmod", "--recursive", "go+rX", source)


def _tell(*command: str | Path) -> None:
    done = subprocess.run(
        [*command[:-1], "--", command[-1]], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode < 0:  # half a tree is the training's: it would fail of that
        raise TrainyardError(ExitCode.DIED, f"{command[0]} was killed.", "`trainyard monitor` does it again.")


def _seconds(left: float | None) -> Any:
    # the SDK's stubs say int; requests takes fractions
    return 3600 if left is None else max(left, 0.01)


def _container(name: str) -> str:
    return f"trainyard-{safe_name(name)}"


@contextlib.contextmanager
def _engine_errors() -> Iterator[None]:
    """Turns what the SDK raises into one line, but for what the caller handles inside."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        raise TrainyardError(
            ExitCode.NO_EXECUTOR,
            f"The Docker Engine does not do what it is asked: {str(error).splitlines()[0]}",
            "See `docker info` and the engine's log, or use --executor process.",
        ) from error
