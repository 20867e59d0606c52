"""pip's output, as it really is, becomes one line that names the requirement's own."""

from __future__ import annotations

from trainyard.images.failures import why
from trainyard.images.needs import Need, Needs

ASKED = Needs([Need("foo==9.9", "foo", 3), Need("bar<2", "bar", 5)])


def message(output: str) -> str:
    return why(output, ASKED, "requirements.txt", "the.log").message


def test_a_version_that_does_not_exist() -> None:
    output = (
        "ERROR: Could not find a version that satisfies the requirement foo==9.9 (from versions: 1.0, 1.1)\n"
        "ERROR: No matching distribution found for foo==9.9\n"
    )
    assert message(output) == "requirements.txt line 3: no version of foo==9.9 exists."
    assert "1.1" in why(output, ASKED, "requirements.txt", "the.log").hint


def test_a_package_that_does_not_exist() -> None:
    output = "ERROR: Could not find a version that satisfies the requirement foo==9.9 (from versions: none)"
    assert message(output) == "requirements.txt line 3: no package foo exists for Python 3.11."


def test_an_index_that_cannot_be_reached_is_not_taken_for_a_missing_package() -> None:
    output = (
        "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\n"
        "ERROR: Could not find a version that satisfies the requirement foo==9.9 (from versions: none)"
    )
    assert "no package index can be reached" in message(output)


def test_a_version_that_only_another_package_asked_for_names_the_file() -> None:
    output = (
        "ERROR: Could not find a version that satisfies the requirement deep>=3 (from bar) (from versions: 1)"
    )
    assert message(output) == "requirements.txt: no version of deep>=3 exists."


def test_two_that_do_not_go_together() -> None:
    why_not = "because these package versions have conflicting dependencies."
    output = f"ERROR: Cannot install bar<2 and foo==9.9 {why_not}"
    assert message(output) == (
        "requirements.txt line 5, requirements.txt line 3: bar<2 and foo==9.9 cannot be installed together."
    )


def test_a_source_that_needs_a_compiler() -> None:
    output = (
        "  error: command 'gcc' failed: No such file or directory\n  ERROR: Failed building wheel for foo\n"
    )
    assert message(output).startswith("requirements.txt line 3: foo has no wheel for Python 3.11")


def test_metadata_that_cannot_be_made() -> None:
    output = (
        "Collecting bar<2 (from -r /in/requirements.txt (line 5))\n"
        "  Downloading bar-1.0.tar.gz (1 kB)\n"
        "error: metadata-generation-failed\n"
    )
    assert message(output).startswith("requirements.txt line 5: bar has no wheel")


def test_anything_else_gives_pip_s_own_first_error() -> None:
    assert message("ERROR: the disk is on fire\n") == (
        "requirements.txt: its packages could not be installed: the disk is on fire"
    )
