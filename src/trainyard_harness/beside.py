"""What is stored beside a model: what it takes and gives, its held-out rows, the script's own code."""

from __future__ import annotations

from typing import Any

from trainyard_harness import own_code, prepared
from trainyard_harness import signature as signatures
from trainyard_harness.data import count, joined
from trainyard_harness.measured import Measured
from trainyard_harness.rows import packed
from trainyard_harness.seen import Samples
from trainyard_harness.session import Session

STORED = 128 * 2**20
"""Bytes of held-out samples up to which they are kept beside the model."""


def keep_code(session: Session) -> None:
    try:
        own_code.save(session.trial.work, session.trial.model)
    except Exception as error:  # noqa: BLE001  only loading needs it
        session.fault(own_code.FILE, error)


def sign(session: Session, chosen: Measured) -> None:
    outcome, samples = chosen.outcomes[-1], chosen.report
    x = samples.options.get("collected", samples.x)
    try:
        labels = outcome.get("labels") or _labels(session, chosen)
        found = signatures.signature(x, outcome["task"], labels, outcome.get("kind", "labels"))
        with session.inside():
            found["preprocessing"] = prepared.described(session, chosen.fitted, x)
        signatures.write(session.trial.model, found)
    except Exception as error:  # noqa: BLE001  only predictions need it
        session.fault("signature.json", error)


def _labels(session: Session, chosen: Measured) -> list[str] | None:
    """The names that the script knew last for as many classes as there are: features are encoded as well."""
    import numpy as np

    scores, classes = chosen.outcomes[-1].get("scores"), getattr(chosen.fitted.model, "classes_", None)
    n = scores.shape[1] if scores is not None and scores.ndim == 2 and scores.shape[1] > 1 else 2
    if classes is not None:
        if not np.array_equal(classes, range(len(classes))):  # it was given the names themselves
            return None
        n = len(classes)
    return next((one for one in reversed(session.labels) if len(one) == n), None)


def store_rows(session: Session, chosen: Measured) -> None:
    """`model/heldout.npz`: x, y and the rows of each part, so that the numbers can be had again."""
    import numpy as np

    try:
        xs = [samples.options.get("collected", samples.x) for samples in _distinct(chosen)]
        ys = [samples.y for samples in _distinct(chosen)]
        if any(count(x) is None or y is None for x, y in zip(xs, ys, strict=True)):
            return
        x = xs[0] if len(xs) == 1 else joined(xs[0], xs[1])
        y = ys[0] if len(ys) == 1 else joined(np.asarray(ys[0]), np.asarray(ys[1]))
        whole: dict[str, Any] = {}
        if chosen.halved is not None:
            selection, report = chosen.halved[0], chosen.halved[1]
        else:
            first = count(xs[0]) or 0
            selection, report = np.arange(first), np.arange(first, first + (count(xs[1]) or 0))
            whole = {"whole": report}
        parts = {"selection": selection, "report": report, **whole, **_others(chosen)}
        arrays = {**packed(x), "y": packed(y)["x"], **parts}
        if sum(array.nbytes for array in arrays.values()) > STORED:
            session.record.note(f"heldout.npz was not written: it would be over {STORED // 2**20} MB.")
            return
        path = session.trial.model / "heldout.npz"
        aside = path.with_name(".heldout.npz")
        with aside.open("wb") as file:
            np.savez(file, **arrays)
        aside.replace(path)
    except Exception as error:  # noqa: BLE001  the numbers stand without it
        session.record.note(f"heldout.npz was not written: {error}.")


def _others(chosen: Measured) -> dict[str, Any]:
    """Of a k-fold loop: what the models of all folds made of their rows, and where the kept one's begin."""
    if chosen.fold is None:
        return {}
    outcome = chosen.outcomes[0]
    known = {
        name: outcome[name] for name in ("truth", "predicted", "scores") if outcome.get(name) is not None
    }
    arrays = {f"folds/{name}": packed(array)["x"] for name, array in known.items()}
    return {**arrays, "folds/first": packed([chosen.first])["x"]}


def _distinct(chosen: Measured) -> list[Samples]:
    if chosen.fold is not None:
        return [chosen.fold]
    return [chosen.selection] if chosen.selection is chosen.report else [chosen.selection, chosen.report]
