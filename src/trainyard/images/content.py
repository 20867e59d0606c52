"""Tags that are hashes of what goes in: the same content is built once, and no other is taken for it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from trainyard import resources
from trainyard.images.image import Image, image


def base_image(home: Path) -> tuple[str, bool]:
    """What the tree of images stands on, and whether somebody chose it.

    `$TRAINYARD_BASE_IMAGE`, else the reference in the state home's file `base-image` (`scripts/base-image`
    writes one where no registry answers), else the default of `images/base/Dockerfile`.
    """
    if named := os.environ.get("TRAINYARD_BASE_IMAGE"):
        return named, True
    try:
        if named := (home / "base-image").read_text().strip():
            return named, True
    except FileNotFoundError:
        pass
    dockerfile = (resources.IMAGES / "base" / "Dockerfile").read_text()
    found = re.search(r"^ARG BASE_IMAGE=(\S+)$", dockerfile, re.MULTILINE)
    assert found, "images/base/Dockerfile has no default base"  # noqa: S101
    return found[1], False


def packages_tag(name: str, base: str) -> str:
    """The tag of the image's packages alone, which a change of the harness leaves as they are."""
    return f"trainyard/{name}-packages:{_packages_hash(image(name), base)}"


def image_tag(name: str, base: str) -> str:
    """`trainyard/<name>:<hash>` over Dockerfile, lock, install scripts, parents, base image and harness."""
    return with_harness(packages_tag(name, base))


def with_harness(packages: str) -> str:
    """The tag of the image that is `packages` with the harness on top."""
    name, _, content = packages.removeprefix("trainyard/").partition(":")
    return (
        f"trainyard/{name.removesuffix('-packages')}:{hash_of([content.encode(), harness_hash().encode()])}"
    )


def harness_hash() -> str:
    """One hash over the harness' source."""
    files = sorted(file for file in resources.HARNESS.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return hash_of(
        part
        for file in files
        for part in (str(file.relative_to(resources.HARNESS)).encode(), file.read_bytes())
    )


def lock_hash(name: str) -> str:
    """One hash over the pinned packages of an image and its parents."""
    return hash_of(lock.read_bytes() for lock in image(name).locks)


def hash_of(parts: Iterable[bytes]) -> str:
    """Twelve hex digits of a SHA-256 over `parts`, each with its length so that none flows into the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:12]


def build_files(image: Image) -> list[Path]:
    """The files of a build that decide what its packages are."""
    scripts = [
        resources.IMAGES / "base" / name for name in ("install-python", "install-packages", "finish.py")
    ]
    lock = image.folder / "requirements.txt"
    return [image.folder / "Dockerfile", *scripts, *([lock] if lock.is_file() else [])]


def _packages_hash(of: Image, base: str) -> str:
    below = _packages_hash(image(of.parent), base) if of.parent else base
    return hash_of([below.encode(), *(file.read_bytes() for file in build_files(of))])
