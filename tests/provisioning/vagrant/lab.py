"""Writes the vagrant/lab.yml of the test: the offline inventory's sources and the keys of the doubles, as `variables`.

lab.py CHECKOUT MIRROR WHEEL
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml


def main() -> None:
    checkout, mirror, wheel = (Path(argument) for argument in sys.argv[1:])
    settings = yaml.safe_load((checkout / "vagrant/lab.yml").read_text())
    sources = yaml.safe_load((checkout / "inventory/offline/group_vars/all/sources.yml").read_text())
    keys = yaml.safe_load((mirror / "fingerprints.yml").read_text())
    settings |= {"box": "trainyard-test/debian12", "provider": "libvirt", "memory": 5120}
    settings["variables"] = sources | {
        "docker_repo_key_fingerprint": keys["docker"],
        "jenkins_repo_key_fingerprint": keys["jenkins"],
        "jenkins_java_repo_key_fingerprint": keys["adoptium"],
        "jenkins_java_repo_suite": "./",
        "trainyard_package": str(wheel),
        "base_min_disk_mb": 8000,
        # without acceleration an image takes an hour to build; the other hosts of the tests build theirs
        "training_images_names": [],
    }
    print(yaml.safe_dump(settings, sort_keys=False, width=200))


if __name__ == "__main__":
    main()
