"""What hostile repositories are made of, where text files cannot say it."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import zipfile
from pathlib import Path

CANARY = Path(os.environ.get("TMPDIR", "/tmp")) / f"trainyard-canary-{os.getpid()}"
"""What a repository makes that got a program run on the host."""

TRAINS = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LogisticRegression(max_iter=500).fit(X_train, y_train)
print("accuracy", model.score(X_test, y_test))
"""

SHELL = f"a`touch${{IFS}}{CANARY}`"
"""A branch's name that a shell would run."""


def git(folder: Path, *arguments: str, data: bytes | None = None) -> str:
    who = ["-c", "user.name=$(touch x)", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, input=data).stdout.decode().strip()


def commit(folder: Path, branch: str = "main", message: str = "harm") -> None:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    git(folder, "update-ref", f"refs/heads/{branch}", "HEAD")


def alias_bomb() -> str:
    """An environment of conda's whose list for pip nests the one before ten times, twelve levels deep."""
    levels = ["a: &a [x, x]"]
    for below, name in itertools.pairwise("abcdefghijkl"):
        levels.append(f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]")
    return "\n".join([*levels, "dependencies:", "  - pip: [*l]"]) + "\n"


def git_bomb(folder: Path) -> None:
    """A few objects that unpack to ten thousand million files."""
    git(folder, "init", "-q", "-b", "main")
    entry = f"100644 blob {git(folder, 'hash-object', '-w', '--stdin', data=b'x')}"
    for _ in range(10):
        lines = "".join(f"{entry}\tf{n}\n" for n in range(10))
        entry = f"040000 tree {git(folder, 'mktree', data=lines.encode())}"
    top = f"{entry}\tbomb\n100644 blob {git(folder, 'hash-object', '-w', 'train.py')}\ttrain.py\n"
    tree = git(folder, "mktree", data=top.encode())
    git(folder, "update-ref", "refs/heads/main", git(folder, "commit-tree", "-m", "x", tree))


def blob_bomb(folder: Path) -> None:
    """Three gigabytes of zeros in a pack of a few megabytes, under three hundred names."""
    git(folder, "init", "-q", "-b", "main")
    blob = git(folder, "hash-object", "-w", "--stdin", data=bytes(10 * 2**20))
    lines = "".join(f"100644 blob {blob}\tdata{n}.csv\n" for n in range(300))
    lines += f"100644 blob {git(folder, 'hash-object', '-w', 'train.py')}\ttrain.py\n"
    tree = git(folder, "mktree", data=lines.encode())
    git(folder, "update-ref", "refs/heads/main", git(folder, "commit-tree", "-m", "x", tree))


def deep(folder: Path) -> None:
    """1,500 folders inside one another."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("data.csv", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def special_files(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "requirements.txt")
    os.mknod(folder / "disk", 0o666 | 0o020000, os.makedev(1, 8))


def links_out(folder: Path) -> None:
    for name, to in {"passwd": "/etc/passwd", "root": "/", "up": "../../../..", "me": "me"}.items():
        (folder / name).symlink_to(to)
    (folder / "requirements.txt").symlink_to("/etc/passwd")
    (folder / "trainyard.toml").symlink_to("/etc/passwd")
    commit(folder)


def link_farm(folder: Path) -> None:
    farm = [folder / f"d{number}" for number in range(20)]
    for one in farm:
        one.mkdir()
        for other in farm:
            (one / other.name).symlink_to(f"../{other.name}")
    for name in ("round.py", "environment.yml", "data.csv"):
        (folder / name).symlink_to(name)
    commit(folder)


def refs_as_options(folder: Path) -> None:
    commit(folder)
    for name in ("--upload-pack=touch", "-c", "--exec", "HEAD", "--all"):
        for kind in ("heads", "tags"):
            here = folder / ".git" / "refs" / kind / name
            here.write_text(git(folder, "rev-parse", "refs/heads/main") + "\n")


def lfs(folder: Path) -> None:
    (folder / ".gitattributes").write_text("*.csv filter=lfs diff=lfs merge=lfs -text\n")
    (folder / ".lfsconfig").write_text(
        f'[lfs]\n\turl = file:///etc\n[lfs "customtransfer.x"]\n\tpath = touch\n\targs = {CANARY}\n'
    )
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 99999999999\n"
    (folder / "data.csv").write_text(pointer)
    commit(folder)


def hooks_and_filters(folder: Path) -> None:
    """A repository on this machine whose own configuration runs programs."""
    commit(folder)
    program = folder / "program"
    program.write_text(f"#!/bin/sh\ntouch {CANARY}\ncat\n")
    program.chmod(0o755)
    for hook in ("post-checkout", "post-upload-pack", "reference-transaction", "post-index-change"):
        (folder / ".git" / "hooks" / hook).write_text(program.read_text())
        (folder / ".git" / "hooks" / hook).chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "diff.external"):
        git(folder, "config", key, str(program))
    for key in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "uploadpack.packObjectsHook"):
        git(folder, "config", key, str(program))
    git(folder, "config", "core.hooksPath", str(folder / ".git" / "hooks"))
    (folder / ".gitattributes").write_text("* filter=x diff=x\n")
    (folder / "train.py").write_text(TRAINS + "\n# changed\n")


def submodules(folder: Path) -> None:
    (folder / ".gitmodules").write_text(
        '[submodule "a"]\n\tpath = a\n\turl = file:///etc\n\tupdate = !touch /tmp/x\n'
        f'[submodule "b"]\n\tpath = b\n\turl = ext::sh -c "touch {CANARY}"\n'
        '[submodule "../../c"]\n\tpath = c\n\turl = -u./x\n'
    )
    git(folder, "init", "-q", "-b", "main")
    for path in "abc":
        git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{path}")
    git(folder, "add", ".gitmodules", "train.py")
    git(folder, "commit", "-qm", "x")


def attributes(folder: Path) -> None:
    (folder / ".gitattributes").write_text("* filter=lfs ident export-subst working-tree-encoding=UTF-7\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")


def names(folder: Path) -> None:
    for name in (
        "\x1b[2J\x1b]0;owned\x07.py",
        "\u202etxt.py",
        "-rf",
        "a\nb.py",
        "$(touch x).csv",
        "\x9b31m.py",
    ):
        (folder / name).write_text("x = 1\n")
    (folder / os.fsdecode(b"\xff\xfe.py")).write_text("x = 1\n")
    commit(folder, message="\x1b[2J $(touch x) `touch y` \u202e")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", bytes(300 * 2**20))
    return file.getvalue()


def notebook() -> str:
    cells = [
        {"cell_type": "code", "source": "%%javascript\nalert(1)", "outputs": []},
        {"cell_type": "code", "source": f"!touch {CANARY}\n%run /etc/passwd\n{TRAINS}",
         "outputs": [{"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>"}}]},
        {"cell_type": "markdown", "source": "<script>alert(1)</script>"},
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
