"""What a repository's requirements ask for beyond an image, and what of them is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.needs import Needs, needs_of

PINS = {"numpy": "1.26.4", "tensorflow-cpu": "2.21.0", "scikit-learn": "1.5.2", "torch": "2.13.0+cpu"}


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    return tmp_path / "requirements.txt"


def needs(path: Path, text: str) -> Needs:
    path.write_text(text)
    return needs_of(path, PINS)


def installed(path: Path, text: str) -> list[tuple[str, int]]:
    return [(need.text, need.line) for need in needs(path, text).install]


@pytest.mark.parametrize(
    "text",
    [
        "numpy",
        "numpy>=1.20",
        "NumPy==1.26.*",
        "tensorflow",
        "tensorflow-gpu>=2",
        "sklearn",
        "scikit_learn<2",
        "torch==2.13.0",
    ],
)
def test_what_the_image_has_needs_nothing_and_is_not_worth_a_word(requirements: Path, text: str) -> None:
    assert needs(requirements, text) == Needs()


def test_a_stale_pin_keeps_the_images_version_and_says_so(requirements: Path) -> None:
    found = needs(requirements, "tensorflow==2.3.0\nnumpy==1.19.5\n")
    assert found.install == []
    assert found.notes[1] == "requirements.txt line 2: numpy==1.19.5 is asked; the image's 1.26.4 is used."


def test_what_is_missing_is_installed_on_the_line_it_came_from(requirements: Path) -> None:
    text = "# what we use\nnumpy\n\nnltk==3.9.1  # words\nemoji\n"
    assert installed(requirements, text) == [("nltk==3.9.1", 4), ("emoji", 5)]
    assert needs(requirements, text).content == "\n\n\nnltk==3.9.1\nemoji\n"


def test_continued_lines_and_hashes_are_one_requirement(requirements: Path) -> None:
    assert installed(
        requirements, "emoji==2.14.0 \\\n  --hash=sha256:abc \\\n  --hash=sha256:def\nnltk\n"
    ) == [
        ("emoji==2.14.0", 1),
        ("nltk", 4),
    ]


def test_markers_are_judged_for_the_image_and_not_for_this_host(requirements: Path) -> None:
    text = "emoji; sys_platform == 'win32'\nnltk; python_version < '3.8'\ngensim; python_version >= '3.8'\n"
    assert installed(requirements, text) == [("gensim", 3)]


def test_extras_are_kept(requirements: Path) -> None:
    assert installed(requirements, "uvicorn[standard]>=0.30") == [("uvicorn[standard]>=0.30", 1)]


def test_packages_of_other_systems_and_of_python_itself_are_left_out_with_a_word(requirements: Path) -> None:
    found = needs(requirements, "pywin32==306\nargparse\nappnope\n")
    assert found.install == []
    assert len(found.notes) == 3


def test_a_package_that_needs_a_screen_is_taken_without_one(requirements: Path) -> None:
    assert installed(requirements, "opencv-python") == [("opencv-python-headless", 1)]


def test_conda_s_lines_are_understood(requirements: Path) -> None:
    found = needs(requirements, "nltk=3.9.1=pyhd8ed1ab_0\nemoji @ file:///croot/emoji_1/work\n")
    assert [need.text for need in found.install] == ["nltk==3.9.1", "emoji"]
    assert "any version is taken" in found.notes[0]


def test_a_file_as_powershell_writes_it_is_read(requirements: Path) -> None:
    requirements.write_text("nltk==3.9.1\r\n", encoding="utf-16")
    assert [need.text for need in needs_of(requirements, PINS).install] == ["nltk==3.9.1"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://evil.example/simple",
        "-i https://evil.example/simple",
        "--extra-index-url=https://evil.example/simple",
        "--find-links /etc",
        "-e .",
        "-e git+https://evil.example/x#egg=x",
        "-r ../../secrets.txt",
        "-r other.txt",
        "--no-binary :all:",
        "git+https://evil.example/x",
        "https://evil.example/x.whl",
        "x @ https://evil.example/x.whl",
        "./local",
        "../up",
        "/etc/passwd",
        "sub/folder",
        "wheel-1.0-py3-none-any.whl",
        "C:\\temp\\x.whl",
        "file:///etc/passwd",
        "emoji; import_os",
        "two words",
        "$(touch /tmp/x)",
    ],
)
def test_everything_but_published_packages_is_refused_with_its_line(requirements: Path, line: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        needs(requirements, f"numpy\nemoji\n{line}\n")
    assert caught.value.code == ExitCode.BAD_CONFIG
    assert caught.value.message.startswith("requirements.txt line 3: ")


def test_a_huge_file_is_refused(requirements: Path) -> None:
    with pytest.raises(TrainyardError):
        needs(requirements, "emoji\n" * 100_000)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_do_more_than_refuse(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("needs") / "requirements.txt"
    path.write_bytes(data)
    try:
        found = needs_of(path, PINS)
    except TrainyardError:
        return
    for need in found.install:
        assert not need.text.startswith("-")
        assert "/" not in need.text and "@" not in need.text and "\n" not in need.text
