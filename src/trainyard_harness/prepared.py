"""The steps before a model, in its signature and beside it; and what they make of raw samples."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

from trainyard_harness.data import count, fingerprint, take
from trainyard_harness.frameworks import keras_files, skops_dump
from trainyard_harness.preparation import Step, applied, division_of, divisors, steps_before
from trainyard_harness.seen import Fitted
from trainyard_harness.session import Session
from trainyard_harness.signature import form

FOLDER = "preprocessing"
LOOKED_AT = 500
"""Rows that a division is looked for in."""


def described(session: Session, fitted: Fitted, x: Any) -> dict[str, Any]:
    """`preprocessing` of the signature, its steps stored; `x` are rows as the model gets them.

    Returns:
        `state` (`found`, `none`, `unknown`), `steps` (kind, name, file or value), what the first one takes
        (`inputs`, `columns`), and `why` in words.
    """
    rows = fitted.trained_on or [one for one in [fingerprint(x)] if one is not None]
    width = sum(_size(one["shape"]) for one in form(x)["inputs"])
    steps = steps_before(rows, width, session.steps)
    if steps is None:
        return _unknown("a transformer does not repeat what it made of the rows: it was fitted again")
    owners = [one.owner for one in steps]
    loose = [
        one for one in session.steps
        if not any(one.owner is owner for owner in owners)
        and not (rows and one.before is not None and all(part.shared_with(one.before) == 1 for part in rows))
    ]  # fmt: skip
    lost = ", ".join(dict.fromkeys(one.name for one in loose))
    if loose and not steps:
        return _unknown(f"what {lost} made is not what the model got, as far as its rows show")
    first = steps[0].given if steps else _some(x)
    division = division_of(first, divisors(session.trial.work, session.entry)) if first is not None else None
    steps = [division, *steps] if division is not None else steps
    if not steps:
        return {"state": "none", "steps": [], "why": "none was seen"}
    why = f"where the result of {lost} went is not known; samples are taken from there on" if lost else ""
    stored = [_store(session, number, one) for number, one in enumerate(steps, 1)]
    return {"state": "found", "steps": stored, **steps[0].form, "why": why}


def _unknown(why: str) -> dict[str, Any]:
    return {"state": "unknown", "steps": [], "why": why}


def _size(shape: list[int] | None) -> int:
    size = 1
    for one in shape or []:
        size *= one
    return size if shape is not None else 0


def _some(x: Any) -> Any:
    import numpy as np

    n = count(x)
    if not n or isinstance(x, dict | list | tuple):
        return None
    return take(x, np.unique(np.linspace(0, n - 1, min(n, LOOKED_AT)).astype("int64")))


def _store(session: Session, number: int, step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": step.kind, "name": step.name}
    if step.kind in {"padded", "divided"}:
        return {**found, "value": step.owner}
    folder = session.trial.model / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if step.kind == "tokens":
        return {**found, "value": json.loads(step.owner.to_json())}
    if step.kind == "layer":
        keras_files.serve(step.owner, keras_files.spec(step.given), folder / str(number))
        return {**found, "file": str(number)}
    path = folder / f"{number}.skops"
    try:
        skops_dump.dump(step.owner, str(path))
    except Exception:  # noqa: BLE001  no skops in this image, or a type that it cannot hold
        path.unlink(missing_ok=True)
        path = path.with_suffix(".pickle")
        path.write_bytes(pickle.dumps(step.owner))
    return {**found, "file": path.name}


def loaded(folder: Path, steps: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """The steps of a signature, as `apply` takes them. Only ever called inside the sandbox."""
    return [(one["kind"], _load(folder, one)) for one in steps]


def apply(steps: list[tuple[str, Any]], x: Any) -> Any:
    """What the steps make of the raw samples `x`."""
    for kind, owner in steps:
        x = applied(kind, owner, x)
    return x.toarray() if hasattr(x, "toarray") and x.shape[0] * x.shape[1] <= 2**24 else x


def _load(folder: Path, step: dict[str, Any]) -> Any:
    if "value" in step:
        return step["value"] if step["kind"] != "tokens" else Words(step["value"])
    path = folder / FOLDER / step["file"]
    if step["kind"] == "layer":
        return keras_files.Served(path)
    if path.suffix == ".pickle":
        return pickle.loads(path.read_bytes())  # noqa: S301
    from skops import io

    return io.load(path, trusted=io.get_untrusted_types(file=path))


class Words:
    """What Keras' Tokenizer does to texts, from what its `to_json` tells; Keras 3 has none in public."""

    def __init__(self, told: dict[str, Any]) -> None:
        config = told["config"]
        self._index: dict[str, int] = json.loads(config["word_index"])
        self._most: int | None = config["num_words"]
        self._unknown = self._index.get(config["oov_token"]) if config["oov_token"] else None
        self._lower, self._split = bool(config["lower"]), str(config["split"])
        self._dropped = str.maketrans(dict.fromkeys(config["filters"], self._split))
        self._by_letter = bool(config["char_level"])

    def texts_to_sequences(self, texts: list[Any]) -> list[list[int]]:
        return [[one for one in map(self._number, self._words(text)) if one is not None] for text in texts]

    def _words(self, text: Any) -> list[str]:
        if self._by_letter or isinstance(text, list):
            return [one.lower() if self._lower else one for one in text]
        text = text.lower() if self._lower else text
        return [one for one in text.translate(self._dropped).split(self._split) if one]

    def _number(self, word: str) -> int | None:
        number = self._index.get(word)
        if number is None or (self._most and number >= self._most):
            return self._unknown
        return number
