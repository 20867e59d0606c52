"""Proves a live installation by using it: pushes a commit, waits for its verdict, says what happened as JSON.

    verify.py REPO BRANCH GIT_ROOT RUNS JENKINS_URL SECONDS

Runs as root on the controller with the standard library alone.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

JOBS = ("job1-pull", "job2-launch", "job3-evaluate", "job4-tweak", "job5-retrain", "job6-monitor")
TOKEN = Path("/etc/jenkins/secrets/trigger-token")


def push(repo: str, branch: str, root: str) -> str:
    """Pushes an empty commit over SSH, as a developer would, with a checked host key. Returns the commit."""
    with tempfile.TemporaryDirectory(prefix="trainyard-verify-") as folder:
        hosts = Path(folder, "known_hosts")
        hosts.write_text(f"localhost {Path('/etc/ssh/ssh_host_ed25519_key.pub').read_text()}")
        options = ("BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={hosts}")
        ssh = " ".join(["ssh -i /etc/trainyard/verify-key", *(f"-o {option}" for option in options)])
        environment = os.environ | {"GIT_SSH_COMMAND": ssh, "GIT_CONFIG_GLOBAL": os.devnull}

        def git(*arguments: str) -> str:
            who = ("-c", "user.name=verify", "-c", "user.email=verify@localhost")
            done = subprocess.run(
                ["git", *who, *arguments],
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            if done.returncode:
                print(json.dumps({"ok": False, "reason": f"git {arguments[0]}: {done.stderr.strip()}"}))
                sys.exit(1)
            return done.stdout.strip()

        clone = f"{folder}/clone"
        git("clone", "--quiet", "--branch", branch, f"ssh://git@localhost{root}/{repo}.git", clone)
        git("-C", clone, "commit", "--quiet", "--allow-empty", "-m", "Verify the installation")
        git("-C", clone, "push", "--quiet", "origin", branch)
        return git("-C", clone, "rev-parse", "HEAD")


def run_of(runs: Path, repo: str, commit: str) -> Path | None:
    """The folder of the run that the pushed commit got."""
    for file in sorted((runs / repo).glob("*/run.json")):
        try:
            if json.loads(file.read_text()).get("commit") == commit:
                return file.parent
        except (OSError, ValueError):
            continue
    return None


def builds(url: str, repo: str) -> dict[str, str]:
    """How the last build of each job ended, as Jenkins says it."""
    user = "trainyard-trigger"
    login = base64.b64encode(f"{user}:{TOKEN.read_text().split()[0]}".encode()).decode()
    found = {}
    for job in JOBS:
        address = f"{url}/job/{repo}-{job}/"
        try:
            number = ask(f"{address}api/json", login)["lastBuild"]
            found[job] = (
                ask(f"{address}{number['number']}/api/json", login)["result"] if number else "none yet"
            )
        except (urllib.error.URLError, KeyError, TypeError) as error:
            found[job] = f"not known: {error}"
    return found


def ask(url: str, login: str) -> dict:
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {login}"})  # noqa: S310 - Jenkins' own
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return json.load(answer)


def main() -> None:
    repo, branch, root, runs, url, seconds = sys.argv[1:]
    began = time.monotonic()
    commit = push(repo, branch, root)
    result: dict = {"ok": False, "repo": repo, "commit": commit, "run": None, "outcome": None}
    while time.monotonic() - began < float(seconds):
        run = run_of(Path(runs), repo, commit)
        if run and (run / "verdict.json").exists():
            verdict = json.loads((run / "verdict.json").read_text())
            result |= {"ok": verdict["outcome"] != "failed", "run": f"{repo}/{run.name}",
                       "outcome": verdict["outcome"], "reason": verdict["reason"]}  # fmt: skip
            break
        if run:
            result["run"] = f"{repo}/{run.name}"
        time.sleep(1)
    else:
        result["reason"] = f"no verdict within {seconds} seconds"
    time.sleep(2)  # Jenkins writes a build's result after its last step
    result |= {"jobs": builds(url, repo), "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
