"""Every move on networks that Hypothesis draws: builds, trains a step, preserves what it says, can be undone.

Hypothesis runs here and Keras in an image's interpreter, which is asked about one network after the other.
The networks are small, so none is shrunk.
TRAINYARD_EXAMPLES sets how many networks are drawn; without it a few, the same ones every time.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.harness.conftest import HARNESS

WORKER = Path(__file__).with_name("moves_worker.py")
EXAMPLES = int(os.environ.get("TRAINYARD_EXAMPLES", "0"))

NETWORKS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["dense", "image", "sequence", "branched"]),
        "widths": st.lists(st.integers(2, 5), min_size=3, max_size=3),
        "function": st.sampled_from(["relu", "tanh", "linear"]),
        "padding": st.sampled_from(["same", "valid"]),
        "cell": st.sampled_from(["lstm", "gru"]),
        "norm": st.booleans(),
        "flat": st.booleans(),
        "drop": st.integers(0, 1),
        "blocks": st.integers(1, 2),
        "more": st.integers(1, 4),
        "seed": st.integers(0, 1000),
    }
)


class Worker:
    """An interpreter that answers which promises a network breaks."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(WORKER)],
            env={**os.environ, "PYTHONPATH": str(HARNESS), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, network: dict[str, Any]) -> list[str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(network), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                answer: list[str] = json.loads(line.removeprefix("ANSWER "))
                return answer
        raise AssertionError("the worker died")

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module", params=["keras", "keras2"])
def worker(request: pytest.FixtureRequest, interpreter: Callable[[str], str]) -> Iterator[tuple[Worker, int]]:
    """The worker of an image, and how many networks it is asked about: fewer with Keras 2."""
    found = Worker(interpreter(request.param))
    yield found, EXAMPLES or (5 if request.param == "keras" else 2)
    found.close()


def test_every_move_holds_what_it_promises(worker: tuple[Worker, int]) -> None:
    image, examples = worker

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=not EXAMPLES,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(NETWORKS)
    def holds(network: dict[str, Any]) -> None:
        assert not image.ask(network)

    holds()
