"""What an earlier run of the same repo learnt, as the first step of the next. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trainyard.runs.files import Move
from trainyard.tweak import estimators
from trainyard.tweak.network import Network
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.step import Step
from trainyard_harness.moves.graph import ADDED


@dataclass(frozen=True)
class Earlier:
    """The best trial of an earlier run, where that was not the developer's own code."""

    run: str
    moves: list[Move]


def step(first: TrialRecord, earlier: Earlier) -> Step | None:
    """The earlier run's changes, on top of trial 0; None where the code has changed too much for them."""
    if not earlier.moves or not _known(first.architecture) >= set(_named(earlier.moves)):
        return None
    told = "; ".join(one.reason for one in earlier.moves if one.kind not in ("stop", "patience"))
    reason = f"{told}. Why: that was the best of run {earlier.run}, an earlier push to this repo"
    return Step("remembered", list(earlier.moves), reason)


def _known(architecture: dict[str, Any]) -> set[str]:
    """The layers or parameters that moves can name."""
    if found := estimators.read(architecture):
        return {f"{found.prefix}{name}" for name in found.params}
    return {layer.name for layer in Network(architecture).layers}


def _named(moves: Iterable[Move]) -> Iterable[str]:
    for one in moves:
        names: list[Any] = [one.args[key] for key in ("layer", "like") if one.args.get(key)]
        for key in ("layers", "after", "params"):
            value = one.args.get(key)
            names += list(value) if isinstance(value, dict | list) else [value] if value else []
        yield from (name for name in names if isinstance(name, str) and not name.startswith(ADDED))
