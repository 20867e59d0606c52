"""Wrong input fails before anything is changed, and the message says what to do."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DOCKER, Host

NAME = f"{os.environ['TRAINYARD_HOST']}-bare"
FLAGS = (
    "--cgroupns=private --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE --cap-add SYSLOG --cap-add DAC_READ_SEARCH"
    " --security-opt seccomp=unconfined --sysctl net.ipv4.ip_forward=1 --tmpfs /run --tmpfs /run/lock --tmpfs /tmp:exec"
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Path]]:
    """A host as its installer left it, and an inventory of it alone."""
    subprocess.run([DOCKER, "rm", "-fv", NAME], capture_output=True, check=False)
    mirror = os.environ["TRAINYARD_MIRROR"]
    image = f"trainyard-test/host-{os.environ['TRAINYARD_HOST']}"
    command = [
        DOCKER,
        "run",
        "-d",
        "--name",
        NAME,
        "--hostname",
        NAME,
        *FLAGS.split(),
        "-v",
        f"{mirror}:/srv/mirror:ro",
        image,
    ]
    subprocess.run(command, check=True, capture_output=True)
    Host(NAME).run(
        "for _ in $(seq 100); do case $(systemctl is-system-running) in running | degraded) exit 0;; esac; sleep 0.2; done; exit 1"
    )
    folder = tmp_path_factory.mktemp("inventory")
    group_vars = Path(__file__).parent / "inventory/group_vars"
    (folder / "group_vars").symlink_to(group_vars)
    host = {NAME: {"ansible_connection": "community.docker.docker"}}
    (folder / "hosts.json").write_text(json.dumps({"controller": {"hosts": host}, "agents": {"hosts": {}}}))
    yield Host(NAME), folder / "hosts.json"
    subprocess.run([DOCKER, "rm", "-fv", NAME], capture_output=True, check=False)


def trace(host: Host) -> str:
    """What a change would leave: packages, accounts, files of /etc, units."""
    return host.run(
        "{ dpkg -l; rpm -qa | sort; cat /etc/passwd /etc/group; find /etc /opt /srv/git /var/lib/jenkins; } 2>/dev/null | sha256sum"
    )


REPO = {"name": "sample", "policy": {}}
WRONG = {
    "too little memory": ({"base_min_memory_mb": 99999999}, "Give it more"),
    "too little disk": ({"base_min_disk_mb": 99999999}, "Enlarge the disk"),
    "target in percent": ({"trainyard_policy": {"target": 90}}, "90 % is written 0.9"),
    "floor above the target": ({"trainyard_repos": [{**REPO, "policy": {"target": 0.8, "floor": 0.9}}]}, "Lower the floor"),
    "unknown policy key": ({"trainyard_repos": [{**REPO, "policy": {"treshold": 0.8}}]}, "unknown keys"),
    "repository that does not answer": (
        {"trainyard_repos": [{**REPO, "url": "http://127.0.0.1:9/x.git"}]}, "does not answer"),
    "name that cannot be a job": ({"trainyard_repos": [{"name": "a b"}]}, "Use letters, digits"),
    "key with another fingerprint": ({"jenkins_repo_key_fingerprint": "0" * 40}, "compare it there"),
    "mirror that is not there": ({"jenkins_repo_key_url": "file:///srv/mirror/none.key"}, "Check the network or the mirror"),
    "port that is taken": ({"jenkins_port": 8099}, "is taken by"),
    "engine on the network": ({"docker_options": {"hosts": ["tcp://0.0.0.0"]}}, "Take it out"),
    "private key among the public": ({"git_server_authorized_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----"]}, "is not a public key"),
    "value of another type": ({"jenkins_executors": "many"}, "jenkins_executors"),
    "floor above the target that all have": (
        {"trainyard_policy": {"target": 0.7, "floor": 0.7}, "trainyard_repos": [{**REPO, "policy": {"floor": 0.75}}]}, "Lower the floor"),
    "number in quotes": ({"trainyard_policy": {"max_trials": "8"}}, "numbers without quotes"),
    "limit in quotes": ({"trainyard_repos": [{**REPO, "limits": {"cpus": "2"}}]}, "cpus (a number)"),
    "limit that is none": ({"trainyard_limits": {"ram": "2g"}}, "ram"),
    "no death allowed": ({"trainyard_healing": {"deaths": 0}}, "deaths is a whole number above 0"),
    "unknown key of what is kept": ({"trainyard_keep": {"rums": 3}}, "rums"),
    "calendar of nobody": ({"trainyard_gc_calendar": "sometimes"}, "man systemd.time"),
    "image of no catalogue": ({"training_images_names": ["fortran"]}, "fortran is none of"),
    "archive that is not there": ({"training_images_archives": ["/srv/none.tar"]}, "is not on"),
    "wheel that is not there": ({"trainyard_package": "/none.whl"}, "is not a file on the control node"),
    "heap of words": ({"jenkins_memory": "plenty"}, "Write it like 1g"),
    "person with the administrator's name": ({"jenkins_users": [{"id": "admin"}]}, "a name of its own"),
    "port of no protocol": ({"base_firewall_ports": ["8080"]}, "write a port like 8080/tcp"),
    "SSH at a port that firewalld shuts": (
        {"ansible_port": 2222, "base_firewall": "firewalld"}, "Add 2222/tcp to base_firewall_ports"),
    "program that is no Python": ({"base_python": "/bin/bash"}, "Trainyard runs on Python 3.11 or 3.12"),
    "Python that is not there": ({"base_python": "/usr/bin/python3.9"}, "is not there"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_fails_with_the_fix_before_anything_is_changed(
    bare, playbook, tmp_path, case: str
) -> None:
    host, inventory = bare
    values, fix = WRONG[case]
    if case == "port that is taken":
        host.run("setsid python3 -m http.server 8099 >/dev/null 2>&1 </dev/null & sleep 1")
    extra = tmp_path / "extra.json"
    extra.write_text(json.dumps(values))
    before = trace(host)
    done = playbook("-i", str(inventory), "site.yml", "-e", f"@{extra}", timeout=300)
    said = " ".join((done.stdout + done.stderr).replace("\\n", " ").split())
    assert done.returncode != 0, said[-2000:]
    assert fix in said, said[-2000:]
    assert "changed=0" in said
    assert trace(host) == before


def test_an_unknown_distribution_is_refused(bare, playbook) -> None:
    host, inventory = bare
    host.run("cp -P /etc/os-release /tmp/os && rm /etc/os-release && printf 'ID=debian\\nNAME=Debian\\nVERSION_ID=\"11\"\\nVERSION_CODENAME=bullseye\\n' > /etc/os-release;"
             " [ ! -e /etc/debian_version ] || { cp /etc/debian_version /tmp/dv; echo 11.9 > /etc/debian_version; };"
             " mv /etc/redhat-release /tmp/rr 2>/dev/null || true")  # fmt: skip
    done = playbook("-i", str(inventory), "site.yml", timeout=300)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0 and "is not supported" in said and "changed=0" in said, said[-2000:]


def test_an_inventory_without_a_controller_is_refused(bare, playbook, tmp_path) -> None:
    host, inventory = bare
    hosts = json.loads(inventory.read_text())["controller"]["hosts"]
    wrong = tmp_path / "hosts.json"
    for groups in (
        {"agents": {"hosts": hosts}},
        {"controller": {"hosts": hosts}, "agents": {"hosts": hosts}},
    ):
        wrong.write_text(json.dumps(groups))
        done = playbook("-i", str(wrong), "site.yml", timeout=300)
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode != 0 and "Name one host there" in said, said[-2000:]
        assert host.name not in said.partition("PLAY RECAP")[2], "no host was even asked"
