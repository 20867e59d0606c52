"""This host's pip settings, as far as an installation inside a container needs them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PASSED_ON = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "timeout", "retries")


@dataclass(frozen=True)
class PipSettings:
    """What pip is configured with here.

    Attributes:
        conf: a `pip.conf` with the same effect inside the container.
        environment: proxies and the CA bundle's variables.
        local: folders of this host that an index or `find-links` names, to be mounted at the same place.
        secret: whether a URL holds a password.
    """

    conf: str
    environment: dict[str, str]
    local: list[Path]
    secret: bool


def pip_settings() -> PipSettings:
    """Reads `pip config list`."""
    from trainyard.executors.environment import network_environment
    from trainyard.executors.sandbox import CA_INSIDE

    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return settings_from(listed, network_environment(CA_INSIDE))


def settings_from(listed: str, environment: dict[str, str]) -> PipSettings:
    """The settings in the output of `pip config list`; `environment` is what a container gets."""
    found: dict[str, str] = {}
    for section in (
        "global.",
        "install.",
        ":env:.",
    ):  # each overrides the ones before, in whatever order listed
        for line in listed.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(section) and (name := key.removeprefix(section)) in _PASSED_ON:
                found[name] = _unquoted(value)
    words = [word for value in found.values() for word in value.split()]
    local = [path for word in words if (path := _local(word)) is not None]
    conf = "[global]\n" + "".join(f"{name} = {' '.join(value.split())}\n" for name, value in found.items())
    if "SSL_CERT_FILE" in environment:
        conf += f"cert = {environment['SSL_CERT_FILE']}\n"
    secret = any(urlsplit(word).password for word in words if "://" in word)
    return PipSettings(conf, environment, _outermost(local), secret)


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value.replace("'", '"')))
    except json.JSONDecodeError:
        return value.strip("'\"")


def _local(word: str) -> Path | None:
    path = unquote(urlsplit(word).path) if word.startswith("file:") else word
    return Path(path) if Path(path).is_absolute() and Path(path).exists() else None


def _outermost(paths: list[Path]) -> list[Path]:
    """Each folder once; an index's parent in its place, for links may leave it (`../../files`)."""
    folders = {path.parent if path.name == "simple" else path for path in paths}
    return sorted(path for path in folders if not any(other in path.parents for other in folders))
