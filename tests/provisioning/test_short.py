"""The shortest way from a bare Debian host to a lab that a push can be tried on (test_host.py)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import Host, bare_host


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Host, Path]:
    return bare_host(
        f"{os.environ['TRAINYARD_HOST']}-controller", "debian12", tmp_path_factory.mktemp("inventory")
    )


def test_wrong_input_is_named_and_nothing_is_changed(bare, playbook) -> None:
    _, inventory = bare
    done = playbook(
        "-i", str(inventory), "site.yml", "-e", "jenkins_executors=many", "-e", "trainyard_reops=none"
    )
    assert done.returncode != 0 and "changed=0" in done.stdout
    for said in ("jenkins_executors must be a whole number", "did you mean trainyard_repos"):
        assert said in done.stdout


def test_a_bare_host_converges_and_a_second_run_changes_nothing(bare, playbook) -> None:
    _, inventory = bare
    first = playbook("-i", str(inventory), "site.yml", timeout=3600)
    assert first.returncode == 0, (first.stdout + first.stderr)[-3000:]
    second = playbook("-i", str(inventory), "site.yml", timeout=3600)
    assert second.returncode == 0, (second.stdout + second.stderr)[-3000:]
    changed = re.findall(r"(?m)^TASK \[(.*)\].*\n(?:(?!TASK).*\n)*?changed: ", second.stdout)
    assert changed == []
