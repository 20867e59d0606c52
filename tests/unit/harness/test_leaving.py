"""A process that ends without taking its interpreter apart leaves what bare Python would have left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainyard import resources

FUNCTION = "def main():\n    pass\n\n"
"""What keeps a script's variables until the interpreter is taken apart: its functions know them."""
SCRIPTS = {
    "text that was never flushed": "f = open('left.txt', 'w')\nf.write('text')\n",
    "a zip that was never closed": "import zipfile\nz = zipfile.ZipFile('a', 'w')\nz.writestr('a', 'b')\n",
    "a file that is removed when it is freed": (
        "import tempfile\nt = tempfile.NamedTemporaryFile(dir='.')\nopen('name', 'w').write('known')\n"
    ),
    "a second stream over standard output": (
        "import io, sys\nmine = io.TextIOWrapper(sys.stdout.buffer)\nmine.write('said')\n"
    ),
    "an object with a last word": (
        "class Model:\n    def __del__(self, say=print):\n        say('last word')\nmodel = Model()\n"
    ),
    "a generator with a last word": (
        "def rows():\n    try:\n        yield 1\n    finally:\n        print('closed')\n"
        "left = rows()\nnext(left)\n"
    ),
    "exit handlers, last first": (
        "import atexit\natexit.register(print, 'one')\natexit.register(print, 'two')\n"
        "atexit.register(lambda: open('h.txt', 'w').write('x'))\n"
    ),
    "a thread that is still at work": (
        "import threading, time\n"
        "def work():\n    time.sleep(0.2)\n    open('work.txt', 'w').write('done')\n"
        "threading.Thread(target=work).start()\n"
    ),
    "workers of a pool": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "pool = ProcessPoolExecutor(1)\nprint(pool.submit(abs, -7).result())\n"
    ),
    "a log": "import logging\nlogging.basicConfig(filename='run.log')\nlogging.error('said')\n",
    "an exit code": "import sys\nprint('going', end='')\nsys.exit(7)\n",
}


@pytest.mark.parametrize("about", SCRIPTS)
def test_what_is_left_is_what_bare_python_leaves(about: str, tmp_path: Path) -> None:
    source, trial = tmp_path / "source", tmp_path / "trial"
    source.mkdir()
    trial.mkdir()
    (source / "train.py").write_text(FUNCTION + SCRIPTS[about])
    (trial / "job.json").write_text('{"schema": 1, "entry": "train.py"}')
    environment = {
        **os.environ, "PYTHONPATH": str(resources.HARNESS.parent), "PYTHONHASHSEED": "0",
        "TRAINYARD_SOURCE": str(source), "TRAINYARD_TRIAL": str(trial), "TRAINYARD_PARENT": "",
    }  # fmt: skip
    bare_folder = tmp_path / "bare"
    bare_folder.mkdir()
    (bare_folder / "train.py").write_text(FUNCTION + SCRIPTS[about])
    bare, ours = (
        subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True,
            check=False,
        )
        for arguments, folder in ((["train.py"], bare_folder), (["-m", "trainyard_harness"], tmp_path))
    )  # fmt: skip
    assert ours.stdout == bare.stdout
    assert ours.returncode == (1 if bare.returncode else 3), ours.stderr
    assert left(trial / "work") == left(bare_folder)


def left(folder: Path) -> dict[str, int]:
    """The files by name, and their sizes."""
    return {one.name: one.stat().st_size for one in folder.iterdir() if one.is_file()}
