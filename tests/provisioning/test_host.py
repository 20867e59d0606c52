"""A converged host, after a reboot: what runs, who may do what, what listens, what is secret."""

from __future__ import annotations

import json
import os
import subprocess
import time

from conftest import Host

SIX = ("job1-pull", "job2-launch", "job3-evaluate", "job4-tweak", "job5-retrain", "job6-monitor")


def test_services_are_up_and_come_back_after_a_reboot(controller: Host) -> None:
    wanted = [
        "docker",
        "jenkins",
        "trainyard-watch",
        "trainyard-serve",
        "trainyard-gc.timer",
        "sshd" if controller.el else "ssh",
    ] + (["firewalld"] if controller.el else [])
    for unit in wanted:
        assert controller.run(f"systemctl is-active {unit}") == "active", controller.run(
            f"journalctl -n 30 -u {unit}"
        )
        assert controller.run(f"systemctl is-enabled {unit}") in (
            "enabled",
            "alias",
            "linked-runtime",
            "linked",
        )
    assert controller.run("systemctl --failed --plain --no-legend") == ""


def test_the_engine_is_bounded_and_not_on_the_network(any_host: Host) -> None:
    info = json.loads(any_host.run("docker info --format '{{json .}}'"))
    assert info["LiveRestoreEnabled"] is True
    assert info["LoggingDriver"] == "json-file"
    options = json.loads(any_host.run("cat /etc/docker/daemon.json"))
    assert options["log-opts"] == {"max-size": "20m", "max-file": "3"} and "hosts" not in options
    assert "2375" not in any_host.run("ss -Htln") and "2376" not in any_host.run("ss -Htln")


def test_a_container_gets_the_limit_that_it_is_given(any_host: Host) -> None:
    limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"
    assert any_host.run(f"docker run --rm --memory 64m trainyard-base:bookworm sh -c '{limit}'") == "67108864"


def test_the_training_image_is_built_and_has_trained(any_host: Host) -> None:
    tags = any_host.run("docker images --format '{{.Repository}}:{{.Tag}}'")
    assert "trainyard/sklearn:latest" in tags
    assert "sklearn" in any_host.run("ls /var/lib/trainyard/tried-images")


def test_the_command_works_for_the_account_that_runs_it(any_host: Host) -> None:
    account = "trainyard" if any_host.name.endswith("agent") else "jenkins"
    assert "engine" in any_host.run(f"runuser -u {account} -- trainyard doctor")


def test_what_the_inventory_sets_is_in_force(any_host: Host) -> None:
    account = "trainyard" if any_host.name.endswith("agent") else "jenkins"
    read = (
        "from trainyard import config; c = config.host_config();"
        " print(config.limits(c, 'sample').pids, config.limits(c).pids, c.healing.deaths, c.keep.runs)"
    )
    said = any_host.run(f'runuser -u {account} -- /opt/trainyard/current/bin/python -c "{read}"')
    assert said == "300 512 3 30"


def test_what_nothing_needs_is_cleared_away_by_a_unit_that_may_do_no_more(any_host: Host) -> None:
    any_host.run("systemctl start trainyard-gc || { journalctl -n 30 -u trainyard-gc; exit 1; }")
    tags = any_host.run("docker images --format '{{.Repository}}:{{.Tag}}'")
    assert "trainyard/sklearn:latest" in tags


def test_strangers_get_nothing_from_jenkins(controller: Host) -> None:
    assert controller.api("/api/json", user=None)[0] == 403
    assert controller.api("/api/json")[0] == 200


def test_each_account_may_what_it_must(controller: Host) -> None:
    def post(user: str, secret: str, path: str) -> str:
        return controller.run(
            f"curl -s -o /dev/null -w '%{{http_code}}' -X POST -u \"{user}:$(cut -d' ' -f1 /etc/jenkins/secrets/{secret})\""
            f" 'http://127.0.0.1:8080{path}'"
        )

    assert controller.api("/job/sample-job1-pull/api/json", "reader", "user-reader")[0] == 200
    # a password needs a crumb (CSRF); a token needs none
    assert post("admin", "admin-password", "/job/elsewhere-job1-pull/build") == "403"
    assert post("trainyard-trigger", "trigger-token", "/job/elsewhere-job1-pull/build") == "409", (
        "paused, so refused"
    )
    assert post("trainyard-trigger", "trigger-token", "/job/sample-job1-pull/doDelete") == "403"
    assert controller.api("/job/sample-job1-pull/config.xml", "trainyard-trigger", "trigger-token")[0] == 403


def test_jenkins_has_the_six_jobs_and_the_view_of_every_repo_and_no_more(controller: Host) -> None:
    top = json.loads(controller.api("/api/json")[1])
    repos = ("sample", "elsewhere")
    assert sorted(j["name"] for j in top["jobs"]) == sorted(f"{repo}-{job}" for repo in repos for job in SIX)
    assert sorted(v["name"] for v in top["views"]) == sorted(f"{repo}-pipeline" for repo in repos)


def test_policy_and_label_of_the_inventory_are_in_the_jobs(controller: Host) -> None:
    sample = controller.api("/job/sample-job1-pull/config.xml")[1]
    assert "preset=serve-above-90 floor=0.6 max_trials=2 target=0.8" in sample
    elsewhere = controller.api("/job/elsewhere-job1-pull/config.xml")[1]
    assert "<disabled>true</disabled>" in elsewhere
    assert f"<assignedNode>{os.environ['TRAINYARD_HOST']}-agent</assignedNode>" in elsewhere


def test_jenkins_knows_its_build_node_with_its_host_key(controller: Host, agent: Host) -> None:
    key = agent.run("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")
    assert key in controller.run("cat /etc/jenkins/jenkins.yaml")


def test_the_controller_reaches_its_build_node_and_only_with_its_key(controller: Host, agent: Host) -> None:
    ssh = (
        f"echo {agent.address} $(echo '{agent.run('cat /etc/ssh/ssh_host_ed25519_key.pub')}') > /tmp/known;"
        " install -m 600 -o jenkins /etc/jenkins/secrets/agent_key /tmp/key; chmod 644 /tmp/known;"
        " runuser -u jenkins -- ssh -i /tmp/key -o BatchMode=yes -o StrictHostKeyChecking=yes"
        f" -o UserKnownHostsFile=/tmp/known trainyard@{agent.address} 'java -version && id -un'; rm -f /tmp/key /tmp/known"
    )
    assert controller.run(ssh).splitlines()[-1] == "trainyard"
    assert "Permission denied" in controller.run(
        f"ssh -i /etc/trainyard/verify-key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        f" trainyard@{agent.address} true",
        check=False,
    )


def git_ssh(key: str) -> str:
    return f"ssh -i {key} -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"


def test_the_git_account_gives_no_shell_and_takes_no_stranger(controller: Host, tmp_path) -> None:
    key = os.environ["TRAINYARD_TEST_KEY"]
    shell = subprocess.run(
        [*git_ssh(key).split(), f"git@{controller.address}", "id"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode != 0 and "uid=" not in shell.stdout
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{tmp_path}/other"], check=True)
    other = subprocess.run(
        [*git_ssh(f"{tmp_path}/other").split(), f"git@{controller.address}", "git-upload-pack '/srv/git/sample.git'"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Permission denied" in other.stderr


def test_a_push_cannot_change_hooks_or_settings(controller: Host) -> None:
    for path in ("hooks/post-receive", "config", "hooks/x"):
        assert "exit" in controller.run(
            f"runuser -u git -- sh -c 'echo x >> /srv/git/sample.git/{path}'", check=False
        )


def test_a_push_over_ssh_runs_the_six_jobs_to_a_verdict(controller: Host, tmp_path) -> None:
    environment = os.environ | {"GIT_SSH_COMMAND": git_ssh(os.environ["TRAINYARD_TEST_KEY"])}

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        who = ("-c", "user.name=t", "-c", "user.email=t@test.invalid")
        done = subprocess.run(
            ["git", *who, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done

    clone = str(tmp_path / "sample")
    git("clone", "--quiet", f"git@{controller.address}:/srv/git/sample.git", clone)
    git("-C", clone, "commit", "--quiet", "--allow-empty", "-m", "Train, please")
    pushed = git("-C", clone, "push", "origin", "main")
    commit = git("-C", clone, "rev-parse", "HEAD").stdout.strip()
    assert f"Trainyard: training {commit}" in pushed.stderr, "the push says where to look"
    verdict = None
    for _ in range(240):
        found = controller.run(f"grep -l {commit} /var/lib/trainyard/runs/sample/*/verdict.json", check=False)
        if not found.startswith("exit"):
            verdict = json.loads(controller.run(f"cat {found}"))
            break
        time.sleep(1)
    assert verdict, controller.run("tail -n 20 /var/lib/jenkins/jobs/sample-*/builds/*/log")
    assert verdict["outcome"] == "promoted" and verdict["metric"]["value"] >= 0.8


def test_verify_proves_the_installation_and_says_so_as_json(playbook, tmp_path) -> None:
    result = tmp_path / "verify.json"
    done = playbook(
        "-i",
        os.environ["MOLECULE_INVENTORY_FILE"],
        "playbooks/verify.yml",
        "-e",
        f"trainyard_verify_result={result}",
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    answer = json.loads(result.read_text())
    assert answer["ok"] is True and answer["outcome"] == "promoted"
    assert {
        j: answer["jobs"][j] for j in ("job1-pull", "job2-launch", "job3-evaluate", "job5-retrain")
    } == dict.fromkeys(("job1-pull", "job2-launch", "job3-evaluate", "job5-retrain"), "SUCCESS")
