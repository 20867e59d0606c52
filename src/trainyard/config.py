"""The host's configuration (operators) and a repository's `trainyard.toml` (developers)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeVar

import msgspec

from trainyard.executors.base import NETWORKS, Limits
from trainyard.exits import ExitCode, TrainyardError
from trainyard.policy import PolicyTable
from trainyard.toml import parse

HOST_FILE = Path("/etc/trainyard/config.toml")
REPO_FILE = "trainyard.toml"
_MAX_BYTES = 256 * 1024
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}

DATASET_HOSTS = (
    "storage.googleapis.com",  # Keras, TensorFlow
    "download.tensorflow.org",
    "ndownloader.figshare.com",  # scikit-learn; it sends on to a store at Amazon's
    "s3-eu-west-1.amazonaws.com",
    "api.openml.org",
    "www.openml.org",
    "data.openml.org",
    "archive.ics.uci.edu",
    "raw.githubusercontent.com",  # seaborn and many a script
    "download.pytorch.org",  # torchvision
    "ossci-datasets.s3.amazonaws.com",
    "www.cs.toronto.edu",
    "huggingface.co",
    "*.huggingface.co",
    "*.hf.co",
)
"""Where the libraries' own datasets are."""

T = TypeVar("T")


class LimitsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one training may use on this host."""

    memory: str = "4g"
    cpus: float = 2.0
    pids: int = 512
    network: str = "none"
    disk: str = "10g"


class RepoLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[repos.<name>]`: what differs from `[limits]` for one repo."""

    memory: str | None = None
    cpus: float | None = None
    pids: int | None = None
    network: str | None = None
    disk: str | None = None


class DatasetsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[datasets]`: what a training whose network is `datasets` may download from."""

    hosts: list[str] = msgspec.field(default_factory=lambda: list(DATASET_HOSTS))
    """Names, or patterns with `*`; `name:port` for another port than those of HTTP and HTTPS."""
    networks: list[str] = msgspec.field(default_factory=list)
    """Private networks, such as `10.1.0.0/16`, that these hosts may be in."""


class NotifyTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where results are announced, as Apprise URLs (https://github.com/caronc/apprise/wiki)."""

    urls: list[str] = msgspec.field(default_factory=list)
    urls_file: str | None = None
    """A file with one URL a line, for URLs that hold secrets."""


class PatchTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether what won is given back as a patch of the developer's source."""

    enabled: bool = True
    """Write patches. Each costs the training that proves it."""
    push: bool = False
    """Push them as `trainyard/<run>` to the watched repository. This host needs to be allowed to."""


class HealingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[healing]`: how `monitor` treats trainings that die."""

    deaths: int = 5
    """Deaths in a row without a finished epoch between them before a run is given up."""
    pause: float = 10.0
    """Seconds before the second restart in a row; doubles with each further one."""


class KeepTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[keep]`: what `gc` leaves. Champions, and runs under way, are always kept."""

    runs: int = 20
    """Finished runs of each repo, the newest ones."""
    days: float = 30.0
    """Runs and images younger than this are kept as well."""


class ServingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[serving]`: what `trainyard serve` answers for, and how much of it at a time."""

    repos: list[str] | None = None
    """Only these; without a list every repo that has a champion."""
    seconds: float = 30.0
    """For one answer, and for the wait before it."""
    body: str = "16m"
    """Of one request."""
    samples: int = 10_000
    """Of one request."""


class HostConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`/etc/trainyard/config.toml`, or the file named by `$TRAINYARD_CONFIG`."""

    home: str | None = None
    executor: str = "auto"
    base_image: str | None = None
    limits: LimitsTable = LimitsTable()
    datasets: DatasetsTable = DatasetsTable()
    repos: dict[str, RepoLimits] = msgspec.field(default_factory=dict)
    policy: PolicyTable = PolicyTable()
    notify: NotifyTable = NotifyTable()
    patch: PatchTable = PatchTable()
    healing: HealingTable = HealingTable()
    keep: KeepTable = KeepTable()
    serving: ServingTable = ServingTable()


class RunTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[run]`: how the script is run."""

    entry: str | None = None
    argv: list[str] = msgspec.field(default_factory=list)
    env: dict[str, str] = msgspec.field(default_factory=dict)
    answers: list[str] = msgspec.field(default_factory=list)


class DetectTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[detect]`: what overrides detection."""

    framework: str | None = None
    family: str | None = None
    task: str | None = None
    image: str | None = None


class RepoConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`trainyard.toml` at the top of a watched repository."""

    run: RunTable = RunTable()
    detect: DetectTable = DetectTable()
    policy: PolicyTable = PolicyTable()


def host_config() -> HostConfig:
    """Reads the host's configuration; defaults where there is none.

    Raises:
        TrainyardError: BAD_CONFIG, naming file and field.
    """
    path = host_file()
    if not path.is_file():
        if path != HOST_FILE:
            raise TrainyardError(
                ExitCode.BAD_CONFIG, f"{path}: no such file.", "Correct TRAINYARD_CONFIG or unset it."
            )
        return HostConfig()
    return read_toml(path, HostConfig, str(path))


def host_file() -> Path:
    """Where the host's configuration is, or would be."""
    return Path(os.environ.get("TRAINYARD_CONFIG") or HOST_FILE)


def repo_config(source: Path) -> RepoConfig:
    """Reads `trainyard.toml` in a checkout; defaults where there is none.

    Raises:
        TrainyardError: BAD_CONFIG, naming the field.
    """
    path = source / REPO_FILE
    if not path.is_file() or path.is_symlink():
        return RepoConfig()
    config = read_toml(path, RepoConfig, REPO_FILE)
    if own := next((name for name in config.run.env if name.startswith("TRAINYARD_")), None):
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{REPO_FILE}: [run] env: {own} is Trainyard's own.", "Take it out."
        )
    run = config.run
    if odd := [name for name in run.env if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)]:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{REPO_FILE}: [run] env: {odd[0]!r} is no variable's name.", "Rename it."
        )
    if any("\0" in text for text in (*run.argv, *run.answers, *run.env.values())):
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{REPO_FILE}: [run]: no process can be given a NUL.", "Take it out."
        )
    return config


def read_toml(path: Path, kind: type[T], shown: str, *, limit: int = _MAX_BYTES) -> T:
    """Reads a TOML file of at most `limit` bytes as `kind`; `shown` is its name in messages.

    Raises:
        TrainyardError: BAD_CONFIG, naming file and field.
    """
    try:
        if path.stat().st_size > limit:
            raise TrainyardError(
                ExitCode.BAD_CONFIG, f"{shown}: larger than {limit // 1024} KiB.", "Make it smaller."
            )
        return msgspec.convert(parse(path.read_text(encoding="utf-8")), kind)
    except msgspec.ValidationError as error:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{shown}: {error}.", "docs/reference/configuration.md lists the fields."
        ) from None
    except ValueError as error:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{shown}: is not TOML: {error}.", "Correct that line."
        ) from None


def limits(config: HostConfig, repo: str = "") -> Limits:
    """What a training of `repo` may use: `[repos.<name>]` over `[limits]`, sizes like `4g` as bytes.

    Raises:
        TrainyardError: BAD_CONFIG.
    """
    own = msgspec.structs.asdict(config.repos.get(repo, RepoLimits()))
    table = msgspec.structs.replace(config.limits, **{k: v for k, v in own.items() if v is not None})
    if table.network not in NETWORKS:
        raise _bad("limits.network", f"{table.network!r} is none of {', '.join(NETWORKS)}")
    if table.cpus <= 0 or table.pids < 1:
        raise _bad("limits", "cpus and pids must be above 0")
    return Limits(
        memory=_size("limits.memory", table.memory),
        cpus=table.cpus,
        pids=table.pids,
        network=table.network,
        disk=_size("limits.disk", table.disk),
        hosts=tuple(config.datasets.hosts),
        networks=tuple(_network(text) for text in config.datasets.networks),
        cache=repo,
    )


def body_size(table: ServingTable) -> int:
    """Bytes that one request to the serving service may have.

    Raises:
        TrainyardError: BAD_CONFIG; also where the table's other numbers make no sense.
    """
    if table.seconds <= 0 or table.samples < 1:
        raise _bad("serving", "seconds and samples must be above 0")
    return _size("serving.body", table.body)


def _network(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise _bad("datasets.networks", str(error)) from None


def _size(field: str, text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([kmg]?)b?", text.strip().lower())
    if not match:
        raise _bad(field, f"{text!r} is not a size like 4g or 512m")
    return int(match[1]) * _UNITS[match[2]]


def notify_urls(table: NotifyTable) -> list[str]:
    """All Apprise URLs of the host, those of `$TRAINYARD_NOTIFY` (spaces between) included."""
    urls = [*table.urls, *os.environ.get("TRAINYARD_NOTIFY", "").split()]
    if table.urls_file:
        try:
            lines = Path(table.urls_file).read_text().splitlines()
        except OSError as error:
            raise _bad("notify.urls_file", f"{table.urls_file}: {error.strerror}") from None
        urls += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return urls


def _bad(field: str, what: str) -> TrainyardError:
    return TrainyardError(ExitCode.BAD_CONFIG, f"{field}: {what}.", "Correct the host's configuration.")
