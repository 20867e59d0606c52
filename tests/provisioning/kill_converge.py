"""Converges a host with site.yml while something is killed ten times on the way; the last run must end well.

    kill_converge.py INVENTORY CONTAINER

Five times ansible-playbook is killed, five times the host's container (as a power cut), each within another task.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

DOCKER = os.environ.get("TRAINYARD_DOCKER", "/usr/bin/docker")

# In the order of the play: the task in which to kill, and what.
POINTS = [
    ("base : Install what every host needs", "ansible"),
    ("docker : Install the packages", "host"),
    ("docker : Configure the engine", "ansible"),
    ("jenkins : Generate the passwords", "host"),
    ("jenkins : Install the package", "ansible"),
    ("jenkins : Keep the token", "host"),
    ("trainyard : Install the package and what it needs", "ansible"),
    ("git_server : Install the hook", "host"),
    ("training_images : Have the images", "host"),
    ("pipeline_jobs : Load the jobs", "ansible"),
]


def boot(container: str) -> None:
    subprocess.run([DOCKER, "start", container], check=True, capture_output=True)
    for _ in range(300):
        state = subprocess.run(
            [DOCKER, "exec", container, "systemctl", "is-system-running"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        if state in ("running", "degraded"):
            return
        time.sleep(0.2)
    sys.exit(f"{container} did not come up again: {state}")


def run(
    inventory: str, container: str, kill_in: str | None, what: str, playbook: str = "site.yml"
) -> int | None:
    """Runs a playbook; the exit code, or None where it was killed in that task."""
    process = subprocess.Popen(
        ["ansible-playbook", "-i", inventory, playbook], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    last: list[str] = []
    for line in process.stdout:
        last = [*last[-60:], line]
        if kill_in and line.startswith(f"TASK [{kill_in}"):
            time.sleep(1.5)
            if what == "host":
                subprocess.run(
                    [DOCKER, "kill", "--signal", "KILL", container], check=True, capture_output=True
                )
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if what == "host":
                boot(container)
            return None
    code = process.wait()
    if code:
        print("".join(last))
    return code


def main() -> None:
    inventory, container = sys.argv[1:]
    for number, (task, what) in enumerate(POINTS, 1):
        began = time.monotonic()
        code = run(inventory, container, task, what)
        if code is not None:
            sys.exit(f"kill {number}: never came to {task!r} (exit code {code})")
        print(
            f"kill {number:2}: {what} killed in {task!r} after {time.monotonic() - began:.0f} s", flush=True
        )
    code = run(inventory, container, None, "")
    print(f"after ten kills site.yml ended with {code}")
    sys.exit(code)


if __name__ == "__main__":
    main()
