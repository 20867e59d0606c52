"""What a repository asks for on top of an image. Pure: lines in, a decision out; nothing is installed here.

The lines come from pushed code, so they are hostile until shown otherwise: only names and versions of
published packages pass.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.image import normalised

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_MAX_BYTES = 256 * 1024
_MAX_LINES = 1000

# The same package under other names: what an image holds, or what works where no screen and no GPU is.
_SAME = {
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow-cpu",
    "tensorflow-gpu": "tensorflow-cpu",
    "tensorflow-intel": "tensorflow-cpu",
    "tensorflow-macos": "tensorflow-cpu",
    "tf-keras-nightly": "keras",
    "xgboost": "xgboost-cpu",
    "pil": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "opencv-python": "opencv-python-headless",
    "opencv-contrib-python": "opencv-contrib-python-headless",
    "psycopg2": "psycopg2-binary",
}
# Left out: other systems' packages that a `pip freeze` there lists, and tools that no training imports.
_NOT_HERE = {
    "pywin32",
    "pypiwin32",
    "pywinpty",
    "pywin32-ctypes",
    "appnope",
    "tensorflow-metal",
    "pip",
    "setuptools",
}
_ENVIRONMENT = {
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}


@dataclass(frozen=True)
class Need:
    """One requirement that the image does not meet, and where it was asked for."""

    text: str
    name: str
    line: int


@dataclass(frozen=True)
class Needs:
    """What has to be installed on top, in the order asked, and what a person should know."""

    install: list[Need] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def content(self) -> str:
        """The requirements file to install, each need on the line it came from."""
        last = max((need.line for need in self.install), default=0)
        lines = {need.line: need.text for need in self.install}
        return "".join(lines.get(number, "") + "\n" for number in range(1, last + 1))


def needs_of(requirements: Path, pins: dict[str, str]) -> Needs:
    """What `requirements` asks for beyond an image with the packages `pins`.

    A version that the image meets needs nothing. One that it does not meet is noted and the image's own is
    kept: old repositories pin versions that this Python never had, and mostly run with a later one.

    Raises:
        TrainyardError: BAD_CONFIG naming file and line, for what is not a published package's name.
    """
    from packaging.requirements import Requirement

    needs = Needs()
    seen: set[str] = set()
    for number, text in _lines(requirements):
        where = f"{requirements.name} line {number}"
        need = _requirement(text, where)
        if need is None:
            needs.notes.append(
                f"{where}: {text.split('@')[0].strip()} came from a local path; any version is taken."
            )
            need = Requirement(text.split("@")[0].strip())
        asked = normalised(need.name)
        name = _SAME.get(asked, asked)
        if need.marker is not None and not need.marker.evaluate(_ENVIRONMENT):
            continue
        if asked in _NOT_HERE or asked in sys.stdlib_module_names:
            needs.notes.append(f"{where}: {need.name} is left out: no training on Linux needs it installed.")
        elif name in pins:
            if not need.specifier.contains(pins[name].split("+")[0], prereleases=True):
                needs.notes.append(
                    f"{where}: {need.name}{need.specifier} is asked; the image's {pins[name]} is used."
                )
        elif name not in seen:
            seen.add(name)
            needs.install.append(Need(_plain(name, need), name, number))
            if name != asked:
                needs.notes.append(f"{where}: {name} is taken for {need.name}.")
    return needs


def _plain(name: str, need: Requirement) -> str:
    extras = f"[{','.join(sorted(need.extras))}]" if need.extras else ""
    return f"{name}{extras}{need.specifier}"


def _lines(path: Path) -> list[tuple[int, str]]:
    """Logical lines with the number of the first physical one, without comments and blank ones."""
    data = path.read_bytes()
    if len(data) > _MAX_BYTES:
        raise _refuse(path.name, f"is longer than {_MAX_BYTES // 1024} KiB")
    encoding = (
        "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    )  # PowerShell's `>` writes UTF-16
    text = data.decode(encoding, errors="replace")
    found: list[tuple[int, str]] = []
    start, joined = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        start = start if joined else number
        joined += re.sub(r"(^|\s)#.*$", "", line).strip()
        if joined.endswith("\\"):
            joined = joined[:-1].rstrip() + " "
            continue
        if joined.strip():
            found.append((start, joined.strip()))
        joined = ""
    if len(found) > _MAX_LINES:
        raise _refuse(path.name, f"has more than {_MAX_LINES} requirements")
    return found


def _requirement(text: str, where: str) -> Requirement | None:
    """The requirement, or None for one that conda wrote with the path of its own build."""
    from packaging.requirements import InvalidRequirement, Requirement

    text = re.sub(r"\s--hash=\S+", "", text).strip()
    if text.startswith("-"):
        raise _refuse(
            where, f"{_shown(text)} is an option of pip; only packages' names and versions are taken"
        )
    if re.match(r"[A-Za-z0-9._-]+\s*@\s*file:", text):
        return None
    if "://" in text or "@" in text:
        raise _refuse(where, f"{_shown(text)} is a URL; only published packages are taken")
    if (
        re.search(r"[/\\]", text.split(";")[0])
        or text.startswith(".")
        or text.endswith((".whl", ".gz", ".zip"))
    ):
        raise _refuse(where, f"{_shown(text)} is a path; only published packages are taken")
    # conda's `name=version=build`
    text = re.sub(r"^([A-Za-z0-9._-]+)=([\w.]+)(=[\w.]+)?$", r"\1==\2", text)
    try:
        return Requirement(text)
    except InvalidRequirement:
        raise _refuse(where, f"{_shown(text)} is not a requirement") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _refuse(where: str, why: str) -> TrainyardError:
    return TrainyardError(
        ExitCode.BAD_CONFIG, f"{where}: {why}.", "Write `name` or `name==version` there instead."
    )
