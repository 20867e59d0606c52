"""Where the files that are not Python live: beside the package once installed, at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DATA = _PACKAGE / "_data"
_TOP = _DATA if _DATA.is_dir() else _PACKAGE.parent.parent

IMAGES = _TOP / "images"
JENKINS_JOBS = _TOP / "jenkins-jobs"
HARNESS = _PACKAGE.parent / "trainyard_harness"
