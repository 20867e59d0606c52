"""Promises of fetching: real git repositories, one clear line for what cannot be fetched."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from trainyard import sources
from trainyard.exits import ExitCode, TrainyardError


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("print(1)\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def fetch(url: str, tmp_path: Path, branch: str = "", commit: str = "") -> tuple[sources.Source, Path]:
    cache = tmp_path / "cache.git"
    source = sources.resolve(url, branch, commit, cache)
    destination = tmp_path / f"out-{source.commit[-12:]}"
    sources.materialise(source, cache, destination)
    return source, destination


def test_head_is_fetched_without_git_metadata_and_without_uncommitted_changes(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "train.py").write_text("print('dirty')\n")
    source, out = fetch(str(repository), tmp_path)
    assert source.commit == git(repository, "rev-parse", "HEAD")
    assert source.dirty
    assert (out / "train.py").read_text() == "print(1)\n"
    assert not (out / ".git").exists()


def test_an_older_commit_and_a_branch_can_be_named(repository: Path, tmp_path: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-qb", "feature/odd;name")
    (repository / "train.py").write_text("print(2)\n")
    git(repository, "commit", "-qam", "two")
    git(repository, "checkout", "-q", "main")
    _, out = fetch(str(repository), tmp_path, branch="feature/odd;name")
    assert (out / "train.py").read_text() == "print(2)\n"
    source, _ = fetch(f"file://{repository}", tmp_path, commit=first[:8])
    assert source.commit == first


def test_a_plain_folder_is_named_by_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.py").write_text("x = 1\n")
    (folder / "__pycache__").mkdir()
    first, out = fetch(str(folder), tmp_path)
    (folder / "__pycache__" / "junk").write_text("j")
    again, _ = fetch(str(folder), tmp_path)
    (folder / "sub" / "a.py").write_text("x = 2\n")
    changed, _ = fetch(str(folder), tmp_path)
    assert first.commit.startswith("content-")
    assert first.commit == again.commit != changed.commit
    assert (out / "sub" / "a.py").read_text() == "x = 1\n"


def test_hooks_filters_and_submodules_of_the_pushed_code_do_not_run(repository: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    hooks = repository / ".git" / "hooks"
    for name in ("post-checkout", "pre-receive", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {touched}\n")
        (hooks / name).chmod(0o755)
    (repository / ".gitattributes").write_text("*.py filter=evil export-ignore\n")
    (repository / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% {touched}\n'
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "evil")
    _, out = fetch(str(repository), tmp_path)
    assert (out / "train.py").exists()
    assert not touched.exists()


@pytest.mark.parametrize(
    ("url", "branch", "commit", "code"),
    [
        ("/no/such/folder", "", "", ExitCode.NOT_FOUND),
        ("file:///no/such/repo", "", "", ExitCode.NOT_FOUND),
        ("https://127.0.0.1:9/x.git", "", "", ExitCode.NOT_FOUND),
        ("ext::sh -c 'touch pwned'", "", "", ExitCode.NOT_FOUND),
        ("--upload-pack=touch pwned", "", "", ExitCode.NOT_FOUND),
        ("", "", "", ExitCode.NOT_FOUND),
        ("REPO", "no-such-branch", "", ExitCode.UNKNOWN_COMMIT),
        ("REPO", "", "deadbeef", ExitCode.UNKNOWN_COMMIT),
        ("REPO", "", "--output=pwned", ExitCode.UNKNOWN_COMMIT),
    ],
)
def test_what_cannot_be_fetched_is_said_in_one_line(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    branch: str,
    commit: str,
    code: ExitCode,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainyardError) as caught:
        fetch(url.replace("REPO", str(repository)), tmp_path, branch, commit)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("pwned"))


def test_a_listing_that_is_cut_off_does_not_pass_for_a_small_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sources.resolve(str(repository), "", "", tmp_path / "cache.git")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *ls-tree*) kill -9 $$;; esac\nexec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with pytest.raises(TrainyardError, match="broke off") as raised:
        sources.materialise(source, tmp_path / "cache.git", tmp_path / "out")
    assert raised.value.code == ExitCode.DIED
    assert not (tmp_path / "out").exists()


def test_an_empty_repository_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q", "-b", "main")
    with pytest.raises(TrainyardError) as caught:
        fetch(str(empty), tmp_path)
    assert caught.value.code == ExitCode.UNKNOWN_COMMIT
    assert "no commit" in caught.value.message


def test_a_file_instead_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    with pytest.raises(TrainyardError) as caught:
        fetch(str(tmp_path / "train.py"), tmp_path)
    assert caught.value.code == ExitCode.NOT_FOUND
    assert "is a file" in caught.value.message


def test_a_url_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(TrainyardError) as caught:
        sources.refuse_secrets("https://me:hunter2@example.org/r.git")
    assert "hunter2" not in str(caught.value)
    sources.refuse_secrets("https://me@example.org/r.git")
    sources.refuse_secrets("git@example.org:r.git")
