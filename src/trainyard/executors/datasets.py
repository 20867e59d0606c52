"""The network policy `datasets`: no network but a proxy's socket, and a folder for what is downloaded.

Each training has a proxy of its own outside of the sandbox (`proxy`), reached through a socket in a mounted
folder (`relay`). What it downloads stays in its repo's cache: no repo reads what another one wrote.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from trainyard.executors import records
from trainyard.executors.base import Limits, Training
from trainyard.executors.names import safe_name
from trainyard.exits import ExitCode, TrainyardError
from trainyard.runs.untrusted import remove_tree, too_much

CACHE_INSIDE = "/datasets"
DOOR_INSIDE = "/run/trainyard/datasets"
RELAY_INSIDE = "/run/trainyard/relay.py"
RELAY = Path(__file__).with_name("relay.py")
SOCKET = "socket"
LOG = "log"
"""A line for every request: what was asked for and what became of it."""

# Where each library keeps what it downloads, below the cache.
_FOLDERS = {
    "KERAS_HOME": "keras",
    "TFDS_DATA_DIR": "tensorflow-datasets",
    "TFHUB_CACHE_DIR": "tensorflow-hub",
    "SCIKIT_LEARN_DATA": "scikit-learn",
    "SEABORN_DATA": "seaborn",
    "TORCH_HOME": "torch",
    "HF_HOME": "huggingface",
    "NLTK_DATA": "nltk",
    "XDG_CACHE_HOME": "cache",
}


def environment(cache: str) -> dict[str, str]:
    """The variables by which libraries find the cache at that path."""
    return {name: f"{cache}/{folder}" for name, folder in _FOLDERS.items()}


def cache_folder(home: Path, limits: Limits) -> Path:
    """Where the repo's cache is."""
    return home / "datasets" / "repos" / (limits.cache or "none")


def cache_of(home: Path, limits: Limits, owner: tuple[int, int]) -> Path:
    """The repo's own cache, writable by `owner`. A new one begins with what the operator put into `shared`.

    One that holds more than half the disk limit is begun anew: the other half is for the trials.

    Raises:
        TrainyardError: DISK_FULL.
    """
    folder, shared = cache_folder(home, limits), home / "datasets" / "shared"
    if folder.is_dir() and too_much([folder], limits.disk // 2):
        remove_tree(folder)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        if shared.is_dir():
            # copies, of no size where the file system can: what is linked one repo could write for all
            _tell("cp", "--recursive", "--reflink=auto", "--no-dereference", f"{shared}/.", f"{fresh}/.")
        fresh.chmod(0o755)
        if os.getuid() == 0:
            _tell("chown", "--recursive", "--no-dereference", f"{owner[0]}:{owner[1]}", str(fresh))
        with contextlib.suppress(OSError):  # another training of the repo was quicker
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _tell(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise TrainyardError(ExitCode.DISK_FULL, f"{command[-1]}: {said[-1] if said else 'was killed'}.")


def open_door(home: Path, training: Training) -> Path:
    """Starts the training's proxy; the folder of its socket."""
    door = _door(home, training.name)
    door.mkdir(parents=True, exist_ok=True)
    limits = training.limits
    request = {"hosts": limits.hosts, "networks": limits.networks, "most": limits.disk}
    records.write(door / records.REQUEST, request)
    keep_open(home, training.name)
    return door


def keep_open(home: Path, name: str) -> None:
    """Starts the proxy of that training again where it was killed; of no effect where there is none to be."""
    door = _door(home, name)
    if not (door / records.REQUEST).exists():
        return
    lock = os.open(door / records.ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if records.lock(lock):
            subprocess.Popen(
                [sys.executable, "-P", "-m", "trainyard.executors.proxy", str(door)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(lock,),  # locked until it ends, however it does
                start_new_session=True,
            )
    finally:
        os.close(lock)


def close_door(home: Path, name: str) -> None:
    """Ends the proxy of a training that is over: it looks for its socket every second."""
    shutil.rmtree(_door(home, name), ignore_errors=True)


def _door(home: Path, name: str) -> Path:
    return home / "doors" / safe_name(name)
