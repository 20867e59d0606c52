"""Tags are hashes of content: what changes the image changes the tag, and nothing else does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainyard import catalogue, resources
from trainyard.images.content import base_image, hash_of, image_tag, packages_tag
from trainyard.images.image import image, images

BASE = "debian:bookworm"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of images/ and the harness to change things in."""
    shutil.copytree(resources.IMAGES, tmp_path / "images")
    shutil.copytree(resources.HARNESS, tmp_path / "harness")
    monkeypatch.setattr(resources, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(resources, "HARNESS", tmp_path / "harness")
    images.cache_clear()
    yield tmp_path
    images.cache_clear()


def tags() -> dict[str, str]:
    return {name: image_tag(name, BASE) for name in images()}


def test_tags_say_which_image_they_are() -> None:
    assert all(re.fullmatch(rf"trainyard/{name}:[0-9a-f]{{12}}", tag) for name, tag in tags().items())


def test_the_same_content_has_the_same_tag_wherever_it_lies(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tags()
    shutil.copytree(copied / "images", copied / "elsewhere")
    monkeypatch.setattr(resources, "IMAGES", copied / "elsewhere")
    assert tags() == before


def test_a_parents_lock_changes_its_children_and_no_others(copied: Path) -> None:
    before = tags()
    with (copied / "images/sklearn/requirements.txt").open("a") as lock:
        lock.write("emoji==2.14.0\n")
    changed = {name for name, tag in tags().items() if tag != before[name]}
    assert changed == {"sklearn", "boosting"}


def test_the_harness_changes_every_image_and_no_packages(copied: Path) -> None:
    before, packages = tags(), packages_tag("keras", BASE)
    (copied / "harness" / "__init__.py").write_text("# newer\n")
    assert all(tag != before[name] for name, tag in tags().items())
    assert packages_tag("keras", BASE) == packages


def test_bytecode_and_readmes_change_nothing(copied: Path) -> None:
    before = tags()
    (copied / "harness" / "__pycache__").mkdir(exist_ok=True)
    (copied / "harness" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
    (copied / "images/keras/README.md").write_text("Other words.")
    assert tags() == before


def test_the_base_changes_everything() -> None:
    assert all(tag != image_tag(name, "other:base") for name, tag in tags().items())


def test_no_part_flows_into_the_next() -> None:
    assert hash_of([b"ab", b"c"]) != hash_of([b"a", b"bc"])


def test_the_base_is_the_environments_then_the_homes_then_the_dockerfiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAINYARD_BASE_IMAGE", raising=False)
    named, chosen = base_image(tmp_path)
    assert named.startswith("python:3.11.")
    assert not chosen
    (tmp_path / "base-image").write_text("trainyard/debian:bookworm\n")
    assert base_image(tmp_path) == ("trainyard/debian:bookworm", True)
    monkeypatch.setenv("TRAINYARD_BASE_IMAGE", "mine:1")
    assert base_image(tmp_path) == ("mine:1", True)


def test_a_child_holds_its_parents_packages() -> None:
    assert image("boosting").chain == ("base", "sklearn", "boosting")
    assert {"scikit-learn", "xgboost-cpu"} <= image("boosting").pins.keys()


@pytest.mark.parametrize("name", sorted(images()))
def test_every_image_holds_what_the_catalogue_promises(name: str) -> None:
    promised = catalogue.load().images[name].provides
    for_the_cpu = {"tensorflow": "tensorflow-cpu", "xgboost": "xgboost-cpu"}
    assert {for_the_cpu.get(package, package) for package in promised} <= image(name).pins.keys()


@pytest.mark.parametrize("name", sorted(images()))
def test_every_image_has_a_dockerfile_a_readme_and_a_script_that_tests_it(name: str) -> None:
    for file in ("Dockerfile", "README.md", "test/train.py"):
        assert (resources.IMAGES / name / file).is_file()


@pytest.mark.parametrize("name", sorted(images()))
def test_every_package_is_pinned(name: str) -> None:
    for lock in image(name).locks:
        lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.+]*", line) for line in lines)
