"""Everything a Keras training consists of at one moment, taken out and put back: Keras 2 and 3."""

from __future__ import annotations

import pickle
import random
import sys
from collections import deque
from pathlib import Path
from typing import Any

_OWN = {"model", "_model", "params", "validation_data", "_executor", "_futures"}
LARGEST_FILE = 256 * 2**20


def variables(model: Any) -> list[Any]:
    """The variables that training changes: weights, seeds of dropout and the like, metrics, optimizer."""
    found = [*model.variables]
    found += getattr(model, "metrics_variables", None) or [
        variable for metric in model.metrics for variable in metric.variables
    ]
    for layer in model._flatten_layers():
        # Keras 2 keeps a layer's random state outside its weights.
        generator: Any = getattr(getattr(layer, "_random_generator", None), "_generator", None)
        if hasattr(generator, "state"):
            found.append(generator.state)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        own = optimizer.variables
        found += list(own() if callable(own) else own)
        # Keras 2 keeps the learning rate apart from the other variables.
        rates = [getattr(optimizer, "_learning_rate", None), *getattr(optimizer, "_hyper", {}).values()]
        found += [rate for rate in rates if hasattr(rate, "assign") and hasattr(rate, "numpy")]
    shared = _global_seed()
    if shared is not None:
        found.append(shared)
    unique = {id(variable): variable for variable in found}
    return list(unique.values())


def _global_seed() -> Any:
    """Keras 3's seed generator for random calls that were given no seed, once one was used."""
    state = sys.modules.get("keras.src.backend.common.global_state")
    generator: Any = state.get_global_attribute("global_seed_generator") if state is not None else None
    return generator.state if generator is not None else None


def values(found: list[Any]) -> list[Any]:
    import numpy as np

    return [np.array(variable.numpy()) for variable in found]


def assign(found: list[Any], arrays: list[Any]) -> None:
    """Puts `arrays` back.

    Raises:
        ValueError: they are not of these variables (another architecture).
    """
    if len(found) != len(arrays):
        raise ValueError(f"the checkpoint has {len(arrays)} variables, the model {len(found)}")
    for variable, array in zip(found, arrays, strict=True):
        if tuple(variable.shape) != array.shape:
            raise ValueError(f"{variable.name} has shape {tuple(variable.shape)}, not {array.shape}")
    for variable, array in zip(found, arrays, strict=True):
        variable.assign(array)


def random_state() -> dict[str, Any]:
    found: dict[str, Any] = {"python": random.getstate()}
    if "numpy" in sys.modules:
        found["numpy"] = sys.modules["numpy"].random.get_state()
    return found


def set_random_state(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    if "numpy" in state:
        sys.modules["numpy"].random.set_state(state["numpy"])


def callback_state(callback: Any) -> dict[str, bytes]:
    """A callback's attributes, each pickled by itself: one that cannot be is left out, not all."""
    found = {}
    for name, value in vars(callback).items():
        if name in _OWN or type(value).__module__.startswith(("keras", "tensorflow")):
            continue
        try:
            found[name] = pickle.dumps(value)
        except Exception:  # noqa: BLE001, S112  lambdas, files, locks: a fresh one is as good
            continue
    return found


def set_callback_state(callback: Any, state: dict[str, bytes]) -> None:
    """Puts it back; lists and dicts are refilled in place, since the script may hold them too."""
    for name, pickled in state.items():
        value = pickle.loads(pickled)  # noqa: S301  own file, read inside the sandbox
        current = vars(callback).get(name)
        if isinstance(value, list) and isinstance(current, list):
            current[:] = value
        elif isinstance(value, deque) and isinstance(current, deque):
            current.clear()
            current.extend(value)
        elif type(value) is dict and isinstance(current, dict):
            current.clear()
            current.update(value)
        else:
            vars(callback)[name] = value


def written_files(callbacks: list[Any], since: float) -> dict[str, bytes]:
    """What ModelCheckpoint and the like have written since `since` (seconds since the epoch), by path.

    The working folder is made anew on a restart, and the script may load its best model from there.
    """
    found: dict[str, bytes] = {}
    for callback in callbacks:
        pattern = getattr(callback, "filepath", None) or getattr(callback, "filename", None)
        if not isinstance(pattern, str | Path):
            continue
        folder = Path(pattern).parent
        if not folder.is_dir():
            continue
        stem = Path(pattern).name.split("{")[0].split(".")[0]
        for path in folder.glob(f"{stem}*"):
            if path.is_file() and path.stat().st_mtime >= since - 1 and path.stat().st_size <= LARGEST_FILE:
                found[str(path)] = path.read_bytes()
    return found


def restore_files(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
