"""Why an installation failed, from pip's output, in one line that names the requirement's own."""

from __future__ import annotations

import re

from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.image import normalised
from trainyard.images.needs import Need, Needs

_NO_VERSION = re.compile(
    r"satisfies the requirement (\S+?)(?: \(from (?!versions)[^)]*\))?+ ?\(from versions: ([^)]*)\)"
)
_NOT_BUILT = re.compile(
    r"Failed building wheel for (\S+)|metadata-generation-failed|subprocess-exited-with-error"
)
_COLLECTING = re.compile(r"^Collecting ([A-Za-z0-9._-]+)", re.MULTILINE)
_CONFLICT = re.compile(r"Cannot install (.+?) because these package versions have conflicting dependencies")
_OFFLINE = re.compile(r"Temporary failure in name resolution|NewConnectionError|ConnectTimeoutError|SSLError")


def why(output: str, needs: Needs, file: str, log: str) -> TrainyardError:
    """The one line for a person.

    Args:
        output: everything pip printed.
        needs: what it was asked to install.
        file: the name of the repository's file, for the message.
        log: where the whole output is kept.
    """

    def failure(message: str, hint: str) -> TrainyardError:
        return TrainyardError(ExitCode.IMAGE_BUILD_FAILED, message, f"{hint} The whole log is {log}.")

    if found := _CONFLICT.search(output):
        names = [asked.split()[0] for asked in re.split(r", | and ", found[1]) if asked.split()]
        places = ", ".join(dict.fromkeys(_place(name, needs, file) for name in names))
        return failure(f"{places}: {found[1]} cannot be installed together.", "Ask for versions that agree.")
    if found := _NO_VERSION.search(output):
        asked, versions = found[1], found[2]
        place = _place(asked, needs, file)
        if versions.strip() == "none":
            if _OFFLINE.search(output):
                return failure(f"{place}: no package index can be reached for {asked}.", "Try again later.")
            return failure(f"{place}: no package {_name(asked)} exists for Python 3.11.", "Correct its name.")
        known = [version.strip() for version in versions.split(",")]
        return failure(f"{place}: no version of {asked} exists.", f"The newest one is {known[-1]}.")
    if found := _NOT_BUILT.search(output):
        name = found[1] or (_COLLECTING.findall(output) or ["?"])[-1]
        return failure(
            f"{_place(name, needs, file)}: {name} has no wheel for Python 3.11; its source does not build.",
            "Ask for a version that has one.",
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    reason = errors[0].removeprefix("ERROR:").strip() if errors else "pip gave no reason."
    return failure(f"{file}: its packages could not be installed: {reason}", "")


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0]


def _place(requirement: str, needs: Needs, file: str) -> str:
    """`file line N` where the requirement was asked for there; only the file where another package asked."""
    name = normalised(_name(requirement))
    asked: list[Need] = [need for need in needs.install if need.name == name]
    return f"{file} line {asked[0].line}" if asked else file
