"""A Docker Engine of its own, to be killed: socket, data and names apart from the machine's."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import docker
import psutil


class Engine:
    """An engine in a folder, and a containerd that outlives it, as on a host where each is a service.

    Args:
        folder: where everything of it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._containerd: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def host(self) -> str:
        return f"unix://{self._folder}/docker.sock"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        here = self._folder
        with (here / "log").open("ab") as log:
            if self._containerd is None:
                (here / "containerd.toml").write_text(
                    'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                )
                command = ["containerd", "--config", f"{here}/containerd.toml", "--log-level", "warn"]
                command += ["--address", f"{here}/containerd.sock"]
                command += ["--root", f"{here}/containerd", "--state", f"{here}/containerd-state"]
                self._containerd = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            # In a network name space of its own: an engine without a bridge removes docker0 where it starts.
            command = ["unshare", "--net", "dockerd", "--host", self.host, "--log-level", "warn"]
            command += ["--bridge", "none", "--iptables=false", "--pidfile", f"{here}/pid"]
            command += ["--data-root", f"{here}/data", "--exec-root", f"{here}/exec"]
            command += ["--containerd", f"{here}/containerd.sock"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(docker.errors.DockerException), self.client() as api:
                api.ping()
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{here}/log: the engine does not answer")
            time.sleep(0.2)

    def client(self) -> docker.APIClient:
        return docker.APIClient(base_url=self.host, version="auto", timeout=60)

    def kill(self) -> None:
        """SIGKILL of the engine alone; its containers run on until it is back."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def load(self, image: str) -> None:
        """Copies an image from the machine's engine."""
        saving = subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE)
        into = {**os.environ, "DOCKER_HOST": self.host}
        subprocess.run(["docker", "load", "--quiet"], stdin=saving.stdout, env=into, check=True)
        if saving.wait() != 0:
            raise RuntimeError(f"docker save {image} failed")

    def stop(self) -> None:
        """Ends it with all its containers, and removes all it had."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(60)
            self.kill()
        if self._containerd is not None:
            self._containerd.terminate()
            self._containerd.wait()
        for process in psutil.process_iter(["cmdline"]):  # shims of containers that a killed engine forgot
            if any(str(self._folder) in word for word in process.info["cmdline"] or []):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        for mounted in sorted(_mounts(self._folder), reverse=True):
            subprocess.run(["umount", "-l", mounted], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", str(self._folder)], check=False)


def _mounts(folder: Path) -> list[str]:
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [place for place in places if place.startswith(f"{folder}/")]
