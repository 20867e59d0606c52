"""Day two on a converged host: one line in the inventory and one command; secrets, backup and restore."""

from __future__ import annotations

import json
import os
import time

from conftest import Host
from test_host import SIX


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


def test_a_backup_brings_runs_models_and_jobs_back(controller: Host, playbook) -> None:
    inventory = ("-i", os.environ["MOLECULE_INVENTORY_FILE"])
    before = controller.run("cd /var/lib/trainyard && find runs champions -type f | sort | xargs sha256sum")
    done = playbook(*inventory, "playbooks/backup.yml")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert controller.run("stat -c %a /var/backups/trainyard/*.tar.gz").split() == ["600"]
    controller.run(
        "rm -rf /var/lib/trainyard/runs /var/lib/trainyard/champions /var/lib/jenkins/jobs /srv/git/sample.git"
    )
    done = playbook(*inventory, "playbooks/restore.yml")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert (
        controller.run("cd /var/lib/trainyard && find runs champions -type f | sort | xargs sha256sum")
        == before
    )
    for _ in range(30):
        if controller.api("/job/sample-job1-pull/api/json")[0] == 200:
            break
        time.sleep(1)
    assert json.loads(controller.api("/job/sample-job1-pull/api/json")[1])["lastBuild"], "history too"
