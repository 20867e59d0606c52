"""Checkpoints that a SIGKILL at any moment cannot spoil: whole files, checksummed, two kept.

A file is one line of JSON (sha256 and length of what follows) and then the payload, so that one rename makes
it valid at once. A torn or altered file is passed over for the one before it.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainyard_harness.files import read_json, write_atomic

KEPT = 2
SHARE = 0.03
"""Part of the training time that checkpoints may take."""
EVERY = 30.0
"""Seconds after which a checkpoint is due inside an epoch."""
FORMAT = "trainyard-checkpoint-1"
Make = Callable[[], tuple[dict[str, Any], list[Any]]]


def pack(state: dict[str, Any], arrays: list[Any]) -> bytes:
    """A checkpoint's bytes. The state is pickled: it is only ever read in the sandbox that wrote it."""
    import numpy as np

    arrays_as: Any = np.lib.format
    body = io.BytesIO()
    pickled = pickle.dumps(state)
    body.write(len(pickled).to_bytes(8, "little"))
    body.write(pickled)
    for array in arrays:
        arrays_as.write_array(body, np.asarray(array), allow_pickle=False)
    payload = body.getbuffer()
    head = {"format": FORMAT, "sha256": hashlib.sha256(payload).hexdigest(), "bytes": len(payload)}
    return json.dumps(head).encode() + b"\n" + payload


def unpack(data: bytes) -> tuple[dict[str, Any], list[Any]]:
    """The state and arrays of `pack`.

    Raises:
        ValueError: the bytes are torn, altered, or no checkpoint.
    """
    import numpy as np

    arrays_as: Any = np.lib.format
    line, newline, payload = data.partition(b"\n")
    head = json.loads(line) if newline else {}
    if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("bytes") != len(payload):
        raise ValueError("not a whole checkpoint")
    if hashlib.sha256(payload).hexdigest() != head.get("sha256"):
        raise ValueError("checksum differs")
    size = int.from_bytes(payload[:8], "little")
    state = pickle.loads(payload[8 : 8 + size])  # noqa: S301  own file, read inside the sandbox
    body = io.BytesIO(payload[8 + size :])
    arrays = []
    while body.tell() < len(payload) - 8 - size:
        arrays.append(arrays_as.read_array(body, allow_pickle=False))
    return state, arrays


class Store:
    """The checkpoints of one trial: a rolling pair per fit, and one last state per finished fit.

    It decides when one is due, from what they cost: their writing takes at most SHARE of the time spent.

    Args:
        folder: the trial's `checkpoint/`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spent = 0.0
        self._cost = 0.01
        self._started = time.monotonic()
        self._last = self._started

    def belongs_to(self, identity: str) -> None:
        """Forgets the checkpoints of another source, spec or job than `identity`, and torn leftovers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for torn in self._folder.glob(".*"):
            torn.unlink(missing_ok=True)
        known = self._folder / "identity.json"
        if (read_json(known) or {}).get("identity") == identity:
            return
        for old in self._folder.glob("fit-*"):
            old.unlink(missing_ok=True)
        write_atomic(known, json.dumps({"identity": identity}).encode())

    def affordable(self) -> bool:
        """Whether writing one now keeps within SHARE of the time since the first fit."""
        elapsed = time.monotonic() - self._started
        return self._spent + self._cost <= SHARE * elapsed

    def due(self) -> bool:
        """Whether one is due inside an epoch."""
        return time.monotonic() - self._last >= EVERY and self.affordable()

    def write(self, fit: int, number: int, make: Make) -> None:
        """Writes checkpoint `number` (rising) of fit `fit` and forgets all but the newest two of that fit.

        `make` gives the state and arrays; what it takes counts as cost as well.
        """
        began = time.monotonic()
        write_atomic(self._folder / f"fit-{fit:04d}-{number:012d}.ckpt", pack(*make()))
        for old in self._numbered(fit)[:-KEPT]:
            old.unlink(missing_ok=True)
        self._charge(began)

    def finish(self, fit: int, make: Make) -> None:
        """Writes the last state of fit `fit`; its rolling checkpoints are forgotten."""
        began = time.monotonic()
        write_atomic(self._folder / f"fit-{fit:04d}-done.ckpt", pack(*make()))
        for old in self._numbered(fit):
            old.unlink(missing_ok=True)
        self._charge(began)

    def newest(self, fit: int) -> tuple[dict[str, Any], list[Any]] | None:
        """The newest whole checkpoint of fit `fit`, or None; torn ones are forgotten."""
        done = self._folder / f"fit-{fit:04d}-done.ckpt"
        for path in [done, *reversed(self._numbered(fit))]:
            try:
                return unpack(path.read_bytes())
            except (OSError, ValueError, EOFError, pickle.UnpicklingError, AttributeError, ImportError):
                # Kept, it would be one of the two newest, in the place of one that is whole.
                path.unlink(missing_ok=True)
        return None

    def _numbered(self, fit: int) -> list[Path]:
        return sorted(self._folder.glob(f"fit-{fit:04d}-0*.ckpt"))

    def _charge(self, began: float) -> None:
        self._last = time.monotonic()
        took = self._last - began
        self._spent += took
        # A moving mean: one slow write (a busy disk) must not stop checkpoints for good.
        self._cost = 0.5 * self._cost + 0.5 * took
