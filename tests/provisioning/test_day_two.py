"""Day two on a converged host: one line in the inventory and one command; secrets, backup, restore, upgrade, goodbye."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import time

import kill_converge
from conftest import Host
from test_host import SIX


def killed(controller: Host, playbook: str, task: str, what: str = "ansible") -> None:
    """Kills a playbook, or the host under it, in one of its tasks."""
    inventory = os.environ["MOLECULE_INVENTORY_FILE"]
    code = kill_converge.run(inventory, controller.name, task, what, playbook)
    assert code is None, f"{playbook} never came to {task!r}"


def test_a_job_changed_by_hand_is_put_right_and_a_repo_taken_out_is_gone(
    controller: Host, playbook, tmp_path
) -> None:
    login = '-u "admin:$(cut -d" " -f1 /etc/jenkins/secrets/admin-token)"'
    url = "http://127.0.0.1:8080/job/sample-job1-pull/config.xml"
    controller.run(
        f"curl -sf {login} {url} | sed 's/--policy/--polizei/' > /tmp/x.xml && curl -sf {login} -H 'Content-Type: text/xml'"
        f" --data-binary @/tmp/x.xml {url}; rm /tmp/x.xml"
    )
    only = tmp_path / "repos.yml"
    only.write_text(json.dumps({"trainyard_repos": [{"name": "sample", "policy": {"target": 0.95}}]}))
    done = playbook("-i", os.environ["MOLECULE_INVENTORY_FILE"], "playbooks/jobs.yml", "-e", f"@{only}")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    top = json.loads(controller.api("/api/json")[1])
    assert sorted(j["name"] for j in top["jobs"]) == sorted(f"sample-{job}" for job in SIX)
    config = controller.api("/job/sample-job1-pull/config.xml")[1]
    assert "--polizei" not in config and "target=0.95" in config, "one line in the inventory, one command"


def test_rotated_secrets_are_new_and_the_old_ones_dead(
    controller: Host, secrets: dict[str, str], playbook
) -> None:
    for task in (
        "jenkins : Generate the passwords",
        "jenkins : Revoke the old tokens",
        "jenkins : Keep the token",
    ):
        killed(controller, "playbooks/rotate-secrets.yml", task)
    key = controller.run("cat /etc/jenkins/secrets/agent_key.pub")
    done = playbook("-i", os.environ["MOLECULE_INVENTORY_FILE"], "playbooks/rotate-secrets.yml")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    for name, old in secrets.items():
        assert controller.run(f"cut -d' ' -f1 /etc/jenkins/secrets/{name}") != old, name
        assert old not in done.stdout + done.stderr
        user = {"admin": "admin", "trigger": "trainyard-trigger", "user": "reader"}[name.split("-")[0]]
        code = controller.run(
            f"curl -s -o /dev/null -w '%{{http_code}}' -u '{user}:{old}' http://127.0.0.1:8080/api/json"
        )
        assert code == "401", name
    assert controller.api("/api/json")[0] == 200
    assert controller.run("cat /etc/jenkins/secrets/agent_key.pub") != key
    # the upgrade below pushes through the watcher, with this token
    assert controller.run("cat /etc/trainyard/watch-token") == controller.run(
        "cut -d' ' -f1 /etc/jenkins/secrets/trigger-token"
    )
    assert controller.run("systemctl is-active trainyard-watch") == "active"


def test_a_backup_brings_runs_models_and_jobs_back(controller: Host, playbook) -> None:
    inventory = ("-i", os.environ["MOLECULE_INVENTORY_FILE"])
    before = controller.run(
        "cd /var/lib/trainyard && find runs champions -type f | sort | xargs -r sha256sum"
    )
    killed(controller, "playbooks/backup.yml", "trainyard : Write the archive")
    killed(controller, "playbooks/backup.yml", "trainyard : Write the archive", "host")
    done = playbook(*inventory, "playbooks/backup.yml")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert controller.run("ls /var/backups/trainyard | grep -c part || true") == "0"
    # a kill may have come when its archive was whole
    assert set(controller.run("stat -c %a /var/backups/trainyard/*.tar.gz").split()) == {"600"}
    controller.run(
        "rm -rf /var/lib/trainyard/runs /var/lib/trainyard/champions /var/lib/jenkins/jobs /srv/git/sample.git"
    )
    killed(controller, "playbooks/restore.yml", "trainyard : Put everything back", "host")
    done = playbook(*inventory, "playbooks/restore.yml")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert (
        controller.run("cd /var/lib/trainyard && find runs champions -type f | sort | xargs -r sha256sum")
        == before
    )
    for _ in range(30):
        if controller.api("/job/sample-job1-pull/api/json")[0] == 200:
            break
        time.sleep(1)
    assert json.loads(controller.api("/job/sample-job1-pull/api/json")[1])["lastBuild"], "history too"


def test_an_upgrade_keeps_everything_and_proves_itself(controller: Host, playbook, tmp_path) -> None:
    runs = "cd /var/lib/trainyard && find runs -name verdict.json | sort | xargs -r sha256sum"
    before = controller.run(runs)
    # the next version of the package: this one with another number
    source = tmp_path / "source"
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=os.environ["TRAINYARD_CHECKOUT"], capture_output=True, check=True
    )
    (tmp_path / "source.tar").write_bytes(archive.stdout)
    with tarfile.open(tmp_path / "source.tar") as tar:
        tar.extractall(source, filter="data")
    version = source / "src/trainyard/__init__.py"
    version.write_text(version.read_text() + '\n__version__ = "9.9.9"\n')
    project = source / "pyproject.toml"
    project.write_text(re.sub(r'(?m)^version = ".*"', 'version = "9.9.9"', project.read_text()))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            str(tmp_path),
            str(source),
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("trainyard-*.whl")
    done = playbook(
        "-i", os.environ["MOLECULE_INVENTORY_FILE"], "playbooks/upgrade.yml",
        "-e", f"trainyard_package={wheel}",
        "-e", "jenkins_repo_url=file:///srv/mirror/jenkins-next",
        "-e", f"trainyard_verify_result={tmp_path}/verify.json",
        timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert json.loads((tmp_path / "verify.json").read_text())["ok"] is True
    assert "9.9.9" in controller.run("trainyard --version")
    assert controller.run(
        "curl -sD - -o /dev/null http://127.0.0.1:8080/login | grep -i '^x-jenkins'"
    ).endswith("2.568.2")
    after = controller.run(runs)
    assert set(before.splitlines()) < set(after.splitlines()), (
        "what was there is there, and verify's run is new"
    )
    assert controller.run("ls -d /opt/trainyard/*/ | grep -vc current") == "2", (
        "this version and the one before"
    )


def test_a_build_node_taken_out_is_gone_and_comes_back(
    controller: Host, agent: Host, playbook, tmp_path
) -> None:
    inventory = ("-i", os.environ["MOLECULE_INVENTORY_FILE"], "playbooks/controller.yml")
    only = tmp_path / "without.yml"
    only.write_text(json.dumps({"jenkins_agent_group": "nobody", "trainyard_repos": [{"name": "sample"}]}))
    for arguments, nodes in ((("-e", f"@{only}"), {"Built-In Node"}), ((), {"Built-In Node", agent.name})):
        done = playbook(*inventory, *arguments)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        known = json.loads(controller.api("/computer/api/json")[1])["computer"]
        assert {node["displayName"] for node in known} == nodes


def test_uninstalling_keeps_the_data_until_it_is_asked_for(controller: Host, agent: Host, playbook) -> None:
    inventory = ("-i", os.environ["MOLECULE_INVENTORY_FILE"])
    done = playbook(*inventory, "playbooks/uninstall.yml", "-e", "trainyard_uninstall_data=false")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    for host in (controller, agent):
        assert host.run("command -v trainyard; ls /opt/trainyard", check=False).startswith("exit")
        assert host.run("docker ps -q --filter label=trainyard") == ""
        assert host.run("docker info --format '{{.ServerVersion}}'"), "the engine stays"
        assert "Trainyard" not in host.run("cat /etc/ssh/sshd_config")
    for unit in ("jenkins", "trainyard-watch", "trainyard-serve", "trainyard-gc.timer"):
        assert controller.run(f"systemctl is-active {unit}", check=False).startswith("exit"), unit
    assert controller.run("ls /etc/systemd/system/trainyard-* 2>/dev/null || true") == ""
    assert controller.run("ls /var/lib/trainyard/runs/sample /srv/git/sample.git /etc/jenkins/secrets")
    done = playbook(*inventory, "playbooks/uninstall.yml", "-e", "trainyard_uninstall_data=true")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    for host in (controller, agent):
        left = "ls -d /etc/jenkins /etc/trainyard /var/lib/jenkins /var/lib/trainyard /var/lib/jenkins-agent /srv/git"
        assert host.run(f"{left} 2>/dev/null || true") == ""
        assert host.run("getent passwd jenkins git trainyard || true") == ""
