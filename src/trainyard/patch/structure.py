"""Whether two trainings built the same thing: their architectures without names, seeds and shapes. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from trainyard.patch.wanted import feeders

_IGNORED = frozenset(
    {
        "name", "dtype", "seed", "module", "registered_name", "build_config", "batch_shape",
        "batch_input_shape", "input_shape", "input_length", "random_state", "n_jobs", "verbose",
    }
)  # fmt: skip
"""What may differ between two builds of one architecture."""


def difference(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """What the one has that the other lacks, in words; None where they are the same."""
    if wanted.get("kind") == "estimator" or found.get("kind") == "estimator":
        return None if _estimator(wanted) == _estimator(found) else "another estimator, or other parameters"
    want, got = Counter(_layers(wanted)), Counter(_layers(found))
    missing = [json.loads(one)[0] for one in (want - got).elements()]
    more = [json.loads(one)[0] for one in (got - want).elements()]
    if missing or more:
        return f"{_named(more)} where {_named(missing)} {'was' if len(missing) == 1 else 'were'} wanted"
    if _optimizer(wanted) != _optimizer(found):
        return f"optimizer {_optimizer(found)} where {_optimizer(wanted)} was wanted"
    return None


def _layers(architecture: Mapping[str, Any]) -> list[str]:
    """Each layer with its settings and, inside it, the layers that lead to it."""
    fed = feeders(architecture)
    raw = architecture.get("layers")
    layers = {str(one.get("name")): one for one in (raw if isinstance(raw, list) else [])}
    known: dict[str, str] = {}

    def told(name: str, depth: int = 0) -> str:
        if name not in known:
            if depth > 400:  # deeper than any network a script writes out
                return "..."
            one = layers.get(name) or {"class_name": "input"}
            kind = str(one.get("class_name"))
            config = _plain(one.get("config")) if kind not in ("InputLayer", "Lambda", "input") else {}
            before = [
                hash_of(told(other, depth + 1)) for other in fed.get(name, []) if _counts(layers, other)
            ]
            known[name] = json.dumps([kind, config, before], sort_keys=True)
        return known[name]

    return [told(name) for name in layers if _counts(layers, name)]


def hash_of(text: str) -> str:
    """A short name of a long text."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _counts(layers: Mapping[str, Any], name: str) -> bool:
    return name in layers and layers[name].get("class_name") != "InputLayer"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items() if key not in _IGNORED}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _optimizer(architecture: Mapping[str, Any]) -> str:
    return str(((architecture.get("compile") or {}).get("optimizer") or {}).get("class_name"))


def _estimator(architecture: Mapping[str, Any]) -> Any:
    found = architecture.get("estimator")
    found = found if isinstance(found, Mapping) else {}
    steps = [(one.get("class"), _plain(one.get("params"))) for one in found.get("steps") or []]
    return found.get("class"), _plain(found.get("params")), steps


def _named(kinds: list[str]) -> str:
    return ", ".join(kinds) if kinds else "nothing"
