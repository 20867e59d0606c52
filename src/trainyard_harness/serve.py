"""`python -m trainyard_harness.serve SOCKET`: a trained model that stays loaded and is asked again and again.

SOCKET is a file's name in the folder TRAINYARD_SOURCE; the model is that of the trial in TRAINYARD_PARENT.
Frames both ways: four bytes of length, big-endian, and as many bytes. A question is JSON as `predict` reads
it, `{"instances": [...]}` (with `"prepared": true` where the script's preprocessing is done), or nothing at
all: whether the model is well. An answer is a JSON object: what `predict` says, `{"error": ..., "hint": ...}`
where the samples do not fit, `{"failed": ...}` where the model raised, `{"signature": ...}` where it is well.
Ends when the connection does.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from trainyard_harness.data import take
from trainyard_harness.files import plain
from trainyard_harness.predict import Model, SampleError, from_json, model_folder
from trainyard_harness.rows import unpacked


def main() -> int:
    link = _connected(Path(os.environ.get("TRAINYARD_SOURCE") or "/src"), sys.argv[1])
    threading.Thread(target=_end_with, args=(link,), daemon=True).start()
    try:
        folder = model_folder()
        model = Model(folder)
    except SampleError as error:
        print(error, file=sys.stderr)
        return 2
    with link.makefile("rb") as questions:
        while (question := _read(questions)) is not None:
            answer = _answer(model, question) if question else _well(model, folder)
            data = json.dumps(plain(answer)).encode()
            link.sendall(len(data).to_bytes(4, "big") + data)
    return 0


def _answer(model: Model, question: bytes) -> dict[str, Any]:
    try:
        try:
            told = json.loads(question)
            samples = from_json(told)
        except (ValueError, RecursionError) as error:
            raise SampleError(f"The samples cannot be read ({error}).") from error
        return model.answer(samples, isinstance(told, dict) and told.get("prepared") is True)
    except SampleError as error:
        return {"error": str(error), "hint": error.hint}
    except Exception as error:  # noqa: BLE001 - samples that a framework chokes on may not end the model
        return {"failed": f"{type(error).__name__}: {error}"[:500]}


def _well(model: Model, folder: Path) -> dict[str, Any]:
    """What the model takes and gives, once it has answered to a row that was held out from it."""
    import numpy as np

    if (folder / "heldout.npz").exists():
        with np.load(folder / "heldout.npz", allow_pickle=False) as arrays:
            model.output(take(unpacked(arrays), np.arange(1)))
    return {"signature": model.known}


def _connected(folder: Path, name: str) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    # a socket's path may be 107 bytes long; this one is short wherever the folder is
    link.connect(f"/proc/self/fd/{directory}/{name}")
    os.close(directory)
    return link


def _end_with(link: socket.socket) -> None:
    """Ends the process with the connection, whatever the model is doing."""
    poll = select.poll()
    poll.register(link, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    size = int.from_bytes(head, "big")
    data = stream.read(size)
    return data if len(data) == size else None


if __name__ == "__main__":
    sys.exit(main())
