"""Whatever people call their branches, tags, files, themselves and their commits: it is data all the way."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from trainyard import sources
from trainyard.chain.walk import RepoJobs, walk
from trainyard.home import Home

FEW = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
WORDS = st.sampled_from(
    [
        "$(touch${IFS}canary)", "`touch${IFS}canary`", ";touch canary;", "|touch canary", "&&touch canary",
        "-", "--", "--upload-pack=touch", "..", "~", "^{}", "@{-1}", ":", "%0A", "\\", "'", '"', "*",
        "$BRANCH", "${PATH}", "{{repo}}", "<script>", "!", "#", "\x1b[31m", "\x9b", "\u202e", "\u2066", "é",
        "e\u0301", "\u00a0", "\u2028", ".git", "refs/heads/main", "HEAD", "\r", "\t", "=", "&", "\\u0041",
        "\x7f", "a" * 120,
    ]
)  # fmt: skip
NAMES = st.lists(
    WORDS | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    min_size=1,
    max_size=5,
).map("".join)


def git(folder: Path, *arguments: str, data: bytes = b"", **environment: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@y", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=True, env=os.environ | environment)
    return done.stdout.decode().strip()


def is_ref(name: str) -> bool:
    asked = ["git", "check-ref-format", f"refs/heads/{name}"]
    return subprocess.run(asked, check=False).returncode == 0


@FEW
@given(branch=NAMES, tag=NAMES, author=NAMES, message=NAMES, file=NAMES)
@example("--upload-pack=touch", "-v", "$(touch canary)", "`touch canary`", "--prefix=..")
def test_a_commit_is_fetched_as_it_is_whatever_it_and_its_branch_are_called(
    branch: str, tag: str, author: str, message: str, file: str
) -> None:
    name = file.replace("/", "")
    assume(is_ref(branch) and is_ref(tag) and len(os.fsencode(name)) < 250 and name not in ("", ".", ".."))
    with tempfile.TemporaryDirectory() as temporary:
        folder, cache, out = (Path(temporary, part) for part in ("repo", "cache.git", "out"))
        folder.mkdir()
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
        blob = git(folder, "hash-object", "-w", "--stdin", data=b"print(1)\n")
        tree = git(folder, "mktree", "-z", data=f"100644 blob {blob}\t{name}\0".encode())
        who = author.translate(dict.fromkeys(map(ord, "\n<>"))).strip() or "x"
        named = {"GIT_AUTHOR_NAME": who, "GIT_AUTHOR_EMAIL": who}
        commit = git(folder, "commit-tree", tree, data=message.encode(), **named)
        git(folder, "update-ref", f"refs/heads/{branch}", commit)
        git(folder, "update-ref", f"refs/tags/{tag}", commit)
        source = sources.resolve(str(folder), branch, "", cache)
        assert source.commit == commit
        try:
            sources.materialise(source, cache, out)
        except sources.TrainyardError as error:
            assert "invalid path" in error.message, error  # what git takes for a .git
        else:
            assert [one.name for one in out.iterdir()] == [name]
            assert (out / name).read_bytes() == b"print(1)\n"
        known = {"repo", "cache.git", "cache.lock", "out", ".out.partial"}
        assert {one.name for one in Path(temporary).iterdir()} <= known
        assert not Path("canary").exists()


@FEW
@given(branch=NAMES, commit=NAMES)
@example(branch="$(touch canary)", commit="`touch canary`")
def test_job1_gives_every_parameter_to_its_verb_as_it_is(
    branch: str, commit: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The shipped job's own shell step, with a verb that writes down what it was given."""
    folder = tmp_path_factory.getbasetemp() / "job1"
    verb = folder / "bin" / "trainyard"
    verb.parent.mkdir(parents=True, exist_ok=True)
    verb.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" > {folder}/called\n")
    verb.chmod(0o755)
    jobs = RepoJobs(name="names", url=str(folder), branch="main", policy="")
    parameters = {"BRANCH": branch, "COMMIT": commit}
    python, sys.executable = sys.executable, str(verb.with_name("python"))  # where the chain finds its verbs
    try:
        with Path(os.devnull).open("wb") as nothing:
            walk(Home(folder), jobs, "job1-pull", parameters, {}, say=lambda _: None, stream=nothing.fileno())
    finally:
        sys.executable = python
    words = (folder / "called").read_bytes().decode().split("\0")
    assert words[words.index("--branch") + 1] == branch.strip()
    assert words[words.index("--commit") + 1] == commit.strip()
    assert not list(folder.rglob("canary"))
