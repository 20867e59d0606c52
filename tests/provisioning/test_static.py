"""What can be checked without a host."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]


def load(path: str):
    spec = importlib.util.spec_from_file_location(Path(path).stem, TOP / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fingerprints_are_those_that_gpg_computes(tmp_path) -> None:
    fingerprints = load("roles/base/filter_plugins/openpgp.py").openpgp_fingerprints
    mirror = Path(os.environ["TRAINYARD_MIRROR"])
    known = yaml.safe_load((mirror / "fingerprints.yml").read_text())
    for name, path in {
        "docker": "docker-ce/rhel/gpg",
        "jenkins": "jenkins/rpm-stable/jenkins.io-2026.key",
        "evil": "evil/key.asc",
    }.items():
        assert fingerprints(base64.b64encode((mirror / path).read_bytes()).decode()) == [known[name]]
    both = (mirror / "evil/key.asc").read_bytes() + (mirror / "docker-ce/rhel/gpg").read_bytes()
    assert fingerprints(base64.b64encode(both).decode()) == [known["evil"], known["docker"]]
    for nothing in (
        b"",
        b"<html>moved</html>",
        b"\xff" * 300,
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n",
    ):
        assert fingerprints(base64.b64encode(nothing).decode()) in ([],) or nothing.startswith(b"-----")


def test_jobs_are_created_updated_and_removed_only_where_needed() -> None:
    jobs = load("roles/pipeline_jobs/library/trainyard_jobs.py")
    known = {
        name: {"rendered": jobs.digest(name), "live": jobs.digest(f"{name} live")}
        for name in ("same", "hand", "new", "gone")
    }
    rendered = {"same": "same", "hand": "hand", "new": "new text", "fresh": "fresh"}
    live = {
        "same": "same live",
        "hand": "changed by hand",
        "new": "new live",
        "gone": "gone live",
        "foreign": "x",
    }
    assert jobs.decide(rendered, known, live) == (["fresh"], ["hand", "new"], ["gone"])


def test_a_policy_becomes_the_text_that_the_job_passes_on() -> None:
    jobs = load("roles/pipeline_jobs/library/trainyard_jobs.py")
    values = jobs.job_values(
        {"name": "a", "policy": {"target": 0.95}}, {"preset": "serve-above-90", "max_trials": 3}, "/srv/git"
    )
    assert values["policy"] == "preset=serve-above-90 max_trials=3 target=0.95"
    assert values["url"] == "/srv/git/a.git" and values["branch"] == "main" and values["paused"] is False
    other = jobs.job_values(
        {"name": "a", "policy": {"preset": "tweak-below-80"}},
        {"preset": "serve-above-90", "target": 0.99},
        "/x",
    )
    assert other["policy"] == "preset=tweak-below-80", "a preset of its own starts over"


def test_the_partial_mirror_keeps_the_vendors_signature_and_refuses_other_bytes(tmp_path) -> None:
    mirror = Path(os.environ["TRAINYARD_MIRROR"])
    script = [sys.executable, str(TOP / "scripts/mirror-repo")]
    source = mirror / "jenkins/rpm-stable"
    subprocess.run(
        [*script, "rpm", source.as_uri(), str(tmp_path / "a"), "jenkins"], check=True, capture_output=True
    )
    for name in ("repodata/repomd.xml", "repodata/repomd.xml.asc"):
        assert (tmp_path / "a" / name).read_bytes() == (source / name).read_bytes()
    assert list((tmp_path / "a").glob("jenkins-*.rpm"))
    bad = tmp_path / "bad"
    subprocess.run(["cp", "-r", str(source), str(bad)], check=True)
    next(bad.glob("jenkins-*.rpm")).write_bytes(b"other")
    done = subprocess.run(
        [*script, "rpm", bad.as_uri(), str(tmp_path / "b"), "jenkins"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "is not what the repository's metadata says" in done.stderr


def test_the_mirror_playbook_fills_the_folder_that_the_offline_inventory_names(tmp_path) -> None:
    mirror = Path(os.environ["TRAINYARD_MIRROR"])
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "java").symlink_to(TOP / "tests/provisioning/standin/java")
    values = {
        "mirror_folder": str(tmp_path / "mirror"),
        "mirror_docker_url": (mirror / "docker-ce").as_uri(),
        "mirror_jenkins_url": (mirror / "jenkins").as_uri(),
        "mirror_java_url": (mirror / "adoptium/deb").as_uri(),
        "mirror_java_suite": "./",
        "mirror_java_key_url": (mirror / "adoptium/key.asc").as_uri(),
        "mirror_plugin_manager": (mirror / "jenkins/jenkins-plugin-manager.jar").as_uri(),
        "mirror_python": sys.executable,
        "mirror_base_image": "trainyard-base:bookworm",
        "mirror_images": ["sklearn"],
        "mirror_el": ["8"],
    }
    extra = tmp_path / "values.json"
    extra.write_text(json.dumps(values))
    done = subprocess.run(
        ["ansible-playbook", str(TOP / "playbooks/mirror.yml"), "-e", f"@{extra}"],
        cwd=TOP, capture_output=True, text=True, check=False,
        env=os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "JENKINS_UC_DOWNLOAD_URL": (mirror / "jenkins/plugins-uc").as_uri(),
            "PIP_FIND_LINKS": str(mirror / "pypi"),
        },
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    made = tmp_path / "mirror"
    # whatever a host of the tests installs from is there, byte by byte
    for pattern in ("docker-ce/**/docker-ce-[0-9]*.rpm", "docker-ce/rhel/gpg", "jenkins/*-stable/jenkins.io-2026.key",
                    "jenkins/rpm-stable/**/*.rpm", "jenkins/debian-stable/binary/*", "adoptium/key.asc",
                    "jenkins/plugins/*.jpi", "jenkins/jenkins-plugin-manager.jar"):  # fmt: skip
        files = [f for f in mirror.glob(pattern) if f.is_file()]
        assert files, pattern
        for file in files:
            assert (made / file.relative_to(mirror)).read_bytes() == file.read_bytes(), file
    subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=made / "jenkins/plugins", check=True
    )
    assert list(made.glob("pypi/trainyard-*.whl")) and list(made.glob("pypi/scikit_learn-*.whl"))
    assert (made / "images/base.tar").stat().st_mode & 0o777 == 0o644
