"""Wrong input fails before anything is changed, and the message says what to do."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DOCKER, Host, bare_host

NAME = f"{os.environ['TRAINYARD_HOST']}-bare"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Path]]:
    """A host as its installer left it, and an inventory of it alone."""
    host, inventory = bare_host(NAME, os.environ["TRAINYARD_HOST"], tmp_path_factory.mktemp("inventory"))
    # what some cases find on the host: a port that is taken, a folder of plugins that was copied half
    host.run(
        "setsid python3 -m http.server 8099 >/dev/null 2>&1 </dev/null &"
        " mkdir /tmp/torn && echo x > /tmp/torn/a.jpi && printf '%064d  a.jpi\\n' 0 > /tmp/torn/SHA256SUMS"
    )
    yield host, inventory
    subprocess.run([DOCKER, "rm", "-fv", NAME], capture_output=True, check=False)


def trace(host: Host) -> str:
    """What a change would leave: packages, accounts, files of /etc, units."""
    return host.run(
        "{ dpkg -l; rpm -qa | sort; cat /etc/passwd /etc/group; find /etc /opt /srv/git /var/lib/jenkins; } 2>/dev/null | sha256sum"
    )


REPO = {"name": "sample", "policy": {}}


def repo(**values: object) -> dict:
    return {"trainyard_repos": [{**REPO, **values}]}


# Each fails by itself. What ELSEWHERE names is tried on the second distribution too.
WRONG = {
    "kinds and names": (
        {"jenkins_executors": "many", "trainyard_reops": [], "jenkins_admin_password": 12345678, "jenkins_users": "bob",
         "trainyard_limits": {"ram": "2g"}, "trainyard_keep": {"rums": 3}, "jenkins_url": None, "agent_executors": -1,
         "trainyard_home": "here", "jenkins_plugins_source": "web", **repo(polcy={})},
        "jenkins_executors must be; trainyard_reops is not known, did you mean trainyard_repos; jenkins_admin_password must be;"
        " jenkins_users must be a list; trainyard_limits.ram is not known; trainyard_keep.rums; jenkins_url has no value;"
        " agent_executors must be above 0; trainyard_home must be an absolute path; jenkins_plugins_source must be one of cli,"
        " folder; trainyard_repos[0].polcy is not known, did you mean policy; docs/reference/variables.md"),
    "too little memory": ({"base_min_memory_mb": 99999999}, "Give it more"),
    "too little disk": ({"base_min_disk_mb": 99999999}, "Enlarge the disk"),
    "target in percent": ({"trainyard_policy": {"target": 90}}, "90 % is written 0.9"),
    "floor above the target": (repo(policy={"target": 0.8, "floor": 0.9}), "Lower the floor"),
    "floor above the target that all have": (
        {"trainyard_policy": {"target": 0.7, "floor": 0.7}, **repo(policy={"floor": 0.75})}, "Lower the floor"),
    "unknown policy key": (repo(policy={"treshold": 0.8}), "unknown keys"),
    "unknown preset": (repo(policy={"preset": "serve-always"}), "is none of serve-above-90"),
    "number in quotes": ({"trainyard_policy": {"max_trials": "8"}}, "numbers without quotes"),
    "no trial": ({"trainyard_policy": {"max_trials": 0}}, "at least 1"),
    "limit in quotes": (repo(limits={"cpus": "2"}), "cpus (a number)"),
    "memory of words": ({"trainyard_limits": {"memory": "lots"}}, "write memory and disk like 2g"),
    "no death allowed": ({"trainyard_healing": {"deaths": 0}}, "deaths is a whole number above 0"),
    "calendar of nobody": ({"trainyard_gc_calendar": "sometimes"}, "man systemd.time"),
    "repository that does not answer": (repo(url="http://127.0.0.1:9/x.git"), "does not answer"),
    "repository that is no Git server's": (repo(url="ftp://x/y"), "is not what Git takes"),
    "repository whose SSH server does not answer": (repo(url="ssh://git@127.0.0.1:9/x.git"), "does not answer"),
    "repository folder that is not there": (repo(url="/srv/none.git"), "no such folder"),
    "password in a repository's URL": (repo(url="https://me:hunter22@127.0.0.1/x.git"), "credential helper"),
    "two repositories of one name": ({"trainyard_repos": [REPO, {"name": "Sample"}]}, "Give each its own"),
    "name that cannot be a job": ({"trainyard_repos": [{"name": "a b"}]}, "Use letters, digits"),
    "branch that Git refuses": (repo(branch="a..b"), "is not what Git takes"),
    "pattern for the one branch": (repo(branch="release/*"), "is not what Git takes"),
    "time that Jenkins does not know": (repo(catch_up="every hour"), "H/5 * * * *"),
    "label that no node has": (repo(label="gpu", url="file:///srv"), "no node has the label gpu"),
    "local repository on another node": (repo(label="trainyard2"), "Give it a url"),
    "sample that is not there": (repo(sample="/none"), "no files in the sample folder"),
    "key with another fingerprint": ({"jenkins_repo_key_fingerprint": "0" * 40}, "compare it there"),
    "key that is not there": ({"jenkins_repo_key_url": "file:///srv/mirror/none.key"}, "Check the network or the mirror"),
    "packages that do not answer": ({"jenkins_repo_url": "http://127.0.0.1:9/jenkins"}, "correct jenkins_repo_url"),
    "packages behind a password": (
        {"jenkins_repo_url": "http://me:hunter22@127.0.0.1:9/", "jenkins_repo_key_url": "file:///srv/mirror/jenkins/rpm-stable/jenkins.io-2026.key"},
        "jenkins_repo_url holds a name or password"),
    "index that does not answer": ({"trainyard_pip_index": "http://127.0.0.1:9/simple"}, "correct trainyard_pip_index"),
    "wheels that are not there": ({"trainyard_pip_find_links": "file:///srv/mirror/os"}, "Fill it on a connected machine"),
    "plugins that are not there": (
        {"jenkins_plugins_source": "folder", "jenkins_plugins_url": "file:///srv/mirror/os"}, "correct jenkins_plugins_url"),
    "plugins without a folder": ({"jenkins_plugins_source": "folder", "jenkins_plugins_url": ""}, "playbooks/mirror.yml"),
    "plugins that are not whole": (
        {"jenkins_plugins_source": "folder", "jenkins_plugins_url": "file:///tmp/torn"}, "and copy it whole"),
    "port that is taken": ({"jenkins_port": 8099}, "is taken by"),
    "metrics' port that is taken": ({"trainyard_watch_metrics": "127.0.0.1:8099"}, "is taken by"),
    "one port for two": ({"trainyard_watch_webhook": "127.0.0.1:8080"}, "a port of its own"),
    "port without a host": ({"trainyard_watch_metrics": "9118"}, "write HOST:PORT"),
    "port of root's": ({"jenkins_port": 80}, "choose a port from 1024"),
    "port of no protocol": ({"base_firewall_ports": ["8080"]}, "write a port like 8080/tcp"),
    "SSH at a port that firewalld shuts": (
        {"ansible_port": 2222, "base_firewall": "firewalld"}, "Add 2222/tcp to base_firewall_ports"),
    "size of no journal": ({"base_journal_max": "much"}, "a size like 500M"),
    "engine on the network": ({"docker_options": {"hosts": ["tcp://0.0.0.0"]}}, "Take it out"),
    "proxy of no protocol": ({"docker_http_proxy": "proxy:3128"}, "http://proxy.example.org:3128"),
    "account that is not there": ({"docker_users": ["alcie"]}, "Make it first"),
    "pool of no network": ({"docker_address_pools": [{"base": "172.30.0.0"}]}, "pools like"),
    "private key among the public": ({"git_server_authorized_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----"]}, "is not a public key"),
    "Git's account that is another's": ({"git_server_user": "jenkins"}, "does nothing else"),
    "image of no catalogue": ({"training_images_names": ["fortran"]}, "fortran is none of"),
    "archive that is not there": ({"training_images_archives": ["/srv/none.tar"]}, "is not on"),
    "wheel that is not there": ({"trainyard_package": "/none.whl"}, "is not a file on the control node"),
    "heap of words": ({"jenkins_memory": "plenty"}, "Write it like 1g"),
    "heap beyond the host": ({"jenkins_memory": "9000g"}, "Lower it"),
    "address of nobody": ({"jenkins_url": "trainyard.example.org"}, "write https://HOST/"),
    "password too short": ({"jenkins_admin_password": "hunter2"}, "at least 8 characters"),
    "person with the administrator's name": ({"jenkins_users": [{"id": "Admin"}]}, "a name of its own"),
    "program that is no Python": ({"base_python": "/bin/bash"}, "Trainyard runs on Python 3.11 or 3.12"),
    "Python that is not there": ({"base_python": "/usr/bin/python3.9"}, "is not there"),
}  # fmt: skip
ELSEWHERE = ("kinds and names", "too little memory", "too little disk", "repository that does not answer",
             "key with another fingerprint", "packages that do not answer", "port that is taken", "plugins without a folder",
             "account that is not there", "private key among the public")  # fmt: skip
CASES = WRONG if os.environ["TRAINYARD_HOST"] == "debian12" else ELSEWHERE


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_fails_with_the_fix_before_anything_is_changed(
    bare, playbook, tmp_path, case: str
) -> None:
    host, inventory = bare
    values, fix = WRONG[case]
    extra = tmp_path / "extra.json"
    extra.write_text(json.dumps(values))
    before = trace(host)
    done = playbook("-i", str(inventory), "site.yml", "-e", f"@{extra}", timeout=300)
    said = " ".join((done.stdout + done.stderr).replace("\\n", " ").split())
    assert done.returncode != 0, said[-2000:]
    assert [wanted for wanted in fix.split("; ") if wanted not in said] == [], said[-2000:]
    assert "changed=0" in said and "hunter2" not in said
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
        assert host.name not in done.stdout.partition("PLAY RECAP")[2], "no host was even asked"


def test_a_host_out_of_reach_stops_the_others(bare, playbook, tmp_path) -> None:
    host, inventory = bare
    hosts = json.loads(inventory.read_text())
    for way, fix in {
        "nowhere": ({"ansible_host": "127.0.0.1", "ansible_port": 9}, "until ssh reaches it"),
        "nobody": (
            {
                "ansible_connection": "community.docker.docker",
                "ansible_host": host.name,
                "ansible_user": "nobody",
            },
            "become root with sudo",
        ),
    }.values():
        hosts["agents"] = {"hosts": {"absent": way}}
        wrong = tmp_path / "hosts.json"
        wrong.write_text(json.dumps(hosts))
        (tmp_path / "group_vars").exists() or (tmp_path / "group_vars").symlink_to(
            inventory.parent / "group_vars"
        )
        before = trace(host)
        done = playbook("-i", str(wrong), "site.yml", timeout=300)
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode != 0 and "absent is out of reach" in said and fix in said, said[-2000:]
        assert trace(host) == before and "changed=1" not in said
