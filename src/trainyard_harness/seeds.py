"""One seed for everything random, so that a run can be repeated and resumed bit for bit."""

from __future__ import annotations

import os
import random
import sys
from types import ModuleType
from typing import Any

from trainyard_harness.imports import AfterImport


def fix_hash_seed() -> None:
    """Starts Python again with PYTHONHASHSEED set where it is not: it orders sets of strings."""
    if os.environ.get("PYTHONHASHSEED") is None and getattr(sys, "orig_argv", None):
        os.environ["PYTHONHASHSEED"] = "0"
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


PARALLEL = {"num_parallel_calls", "AUTOTUNE", "interleave", "parallel_interleave"}
"""Names whose use lets a tf.data pipeline draw its random numbers in any order."""


def seed_everything(imports: AfterImport, seed: int, names: set[str]) -> None:
    """Seeds Python now, and numpy, TensorFlow and PyTorch as soon as the script has imported them.

    A script that seeds for itself has the last word. `names` are those used in the script: they tell whether
    TensorFlow has to be kept deterministic.
    """
    strict = bool(names & PARALLEL) or bool(os.environ.get("NVIDIA_VISIBLE_DEVICES"))
    random.seed(seed)
    imports.add("numpy", lambda module: _numpy(module, seed))
    imports.add("tensorflow", lambda module: _tensorflow(module, seed, strict))
    imports.add("torch", lambda module: _torch(module, seed))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _numpy(numpy: ModuleType, seed: int) -> None:
    numpy.random.seed(seed)
    original = numpy.random.default_rng
    made = iter(range(1, 2**31))

    def default_rng(asked: Any = None) -> Any:
        return original([seed, next(made)] if asked is None else asked)

    numpy.random.default_rng = default_rng


def _tensorflow(tensorflow: ModuleType, seed: int, strict: bool) -> None:
    tensorflow.random.set_seed(seed)
    if strict:
        # Its kernels for the CPU repeat bit for bit without it, and it slows every input pipeline down.
        tensorflow.config.experimental.enable_op_determinism()


def _torch(torch: ModuleType, seed: int) -> None:
    torch.manual_seed(seed)
    # Only a warning: an operation that has no deterministic form must not stop the script.
    torch.use_deterministic_algorithms(True, warn_only=True)
