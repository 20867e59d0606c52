"""What the tests of a converged host share. scripts/test-provisioning sets the environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DOCKER = os.environ.get("TRAINYARD_DOCKER", "/usr/bin/docker")
FLAGS = (
    "--cgroupns=private --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE --cap-add SYSLOG --cap-add DAC_READ_SEARCH"
    " --cap-add IPC_LOCK --security-opt seccomp=unconfined --sysctl net.ipv4.ip_forward=1 --tmpfs /run --tmpfs /run/lock"
    " --tmpfs /tmp:exec"
)


class Host:
    """A test host in a container, spoken to through `docker exec`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.el = "host-el8" in subprocess.check_output(
            [DOCKER, "inspect", "-f", "{{.Config.Image}}", name], text=True
        )

    def run(self, script: str, check: bool = True, stdin: str = "") -> str:
        """Runs a shell script as root; its output, or with `check` an assertion."""
        done = subprocess.run(
            [DOCKER, "exec", "-i", self.name, "bash", "-c", script],
            input=stdin, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return (
            done.stdout.strip()
            if done.returncode == 0 or check
            else f"exit {done.returncode} {done.stdout} {done.stderr}"
        )

    @property
    def address(self) -> str:
        return json.loads(subprocess.check_output([DOCKER, "inspect", self.name]))[0]["NetworkSettings"][
            "IPAddress"
        ]

    def api(self, path: str, user: str | None = "admin", secret: str = "admin-password") -> tuple[int, str]:
        """GET at Jenkins from inside the host: status and body."""
        login = f'-u "{user}:$(cut -d" " -f1 /etc/jenkins/secrets/{secret})"' if user else ""
        out = self.run(f"curl -s -g -w '\\n%{{http_code}}' {login} 'http://127.0.0.1:8080{path}'")
        body, _, code = out.rpartition("\n")
        return int(code), body


def bare_host(name: str, distribution: str, folder: Path) -> tuple[Host, Path]:
    """Starts a host as its installer left it, and writes an inventory of it alone into `folder`."""
    subprocess.run([DOCKER, "rm", "-fv", name], capture_output=True, check=False)
    mirror = f"{os.environ['TRAINYARD_MIRROR']}:/srv/mirror:ro"
    image = f"trainyard-test/host-{distribution}"
    command = [DOCKER, "run", "-d", "--name", name, "--hostname", name, *FLAGS.split(), "-v", mirror, image]
    subprocess.run(command, check=True, capture_output=True)
    host = Host(name)
    host.run(
        "for _ in $(seq 300); do case $(systemctl is-system-running) in running | degraded) exit 0;; esac; sleep 0.2; done; exit 1"
    )
    (folder / "group_vars").symlink_to(Path(__file__).parent / "inventory/group_vars")
    hosts = {name: {"ansible_connection": "community.docker.docker"}}
    (folder / "hosts.json").write_text(json.dumps({"controller": {"hosts": hosts}, "agents": {"hosts": {}}}))
    return host, folder / "hosts.json"


@pytest.fixture(scope="session")
def controller() -> Host:
    return Host(f"{os.environ['TRAINYARD_HOST']}-controller")


@pytest.fixture(scope="session")
def agent() -> Host:
    return Host(f"{os.environ['TRAINYARD_HOST']}-agent")


@pytest.fixture(scope="session", params=["controller", "agent"])
def any_host(request: pytest.FixtureRequest) -> Host:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def secrets(controller: Host) -> dict[str, str]:
    """Every generated secret by name."""
    listed = controller.run(
        "cd /etc/jenkins/secrets && for f in *-password user-* *-token; do echo \"$f $(cut -d' ' -f1 $f)\"; done"
    )
    return dict(line.split(" ", 1) for line in listed.splitlines())


Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def playbook() -> Runner:
    """Runs a playbook from the checkout."""

    def run(*arguments: str, timeout: int = 900) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ansible-playbook", *arguments], cwd=os.environ["TRAINYARD_CHECKOUT"], capture_output=True, text=True,
            timeout=timeout, check=False, env=os.environ | {"ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip

    return run
