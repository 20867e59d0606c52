"""Rows held out of what a script passes to Keras' `fit`, where it keeps none apart: arrays and streams."""

from __future__ import annotations

from typing import Any

from trainyard_harness import streams
from trainyard_harness.data import count, fingerprint, take
from trainyard_harness.files import read_json
from trainyard_harness.holdout import halves, split
from trainyard_harness.seen import Fitted, Samples
from trainyard_harness.session import Session

FEWEST = 10
"""Rows below which nothing can be held out."""
KEPT_BACK = 0.1
"""Part of the training rows that tells a retrain when to stop, where the script has nothing that does."""
FEWEST_TO_KEEP_BACK_OF = 200
"""Rows below which that part tells nothing, and is missed."""


def is_plain(x: Any) -> bool:
    return count(x) is not None and not hasattr(x, "__next__") and kind_of(x) != "sequence"


def kind_of(x: Any) -> str:
    """`arrays`, `dataset` (tf.data), `sequence` (Keras Sequence, PyDataset) or `generator`."""
    names = {base.__name__ for base in type(x).__mro__}
    if names & {"Sequence", "PyDataset", "Iterator"} and not isinstance(x, list | tuple):
        return "sequence"
    if names & {"DatasetV2", "Dataset"}:
        return "dataset"
    return "arrays" if count(x) is not None else "generator"


def holds_out(session: Session, fitted: Fitted, arguments: dict[str, Any]) -> bool:
    if fitted.held_out is not None:
        return True
    return session.force_holdout or not session.expects_test(arguments.get("x"), arguments.get("y"))


def hold_out(
    session: Session, fitted: Fitted, arguments: dict[str, Any], place: str | None
) -> dict[str, Any]:
    """Takes rows out of what is passed to `fit`; the selection half of them becomes validation data."""
    x, y = arguments.get("x"), arguments.get("y")
    n = count(x)
    if kind_of(x) != "arrays":
        return _hold_out_of_stream(session, fitted, arguments, place)
    if n is None or y is None:
        session.record.note("Nothing could be held out: the training data has no labels.")
        return arguments
    if n < FEWEST:
        session.record.note(f"Nothing was held out: there are only {n} rows.")
        return arguments
    ordered = _is_ordered(session, arguments)
    kept, held, stratified = split(n, session.job.holdout, session.job.seed, y, ordered)
    samples = Samples(take(x, held), take(y, held), "held-out", "harness", place, ordered=ordered, index=held)
    samples.prints = fingerprint(samples.x)
    samples.options["stratified"] = stratified
    fitted.held_out = samples
    changed = _with_rows(arguments, kept)
    selection, _report, _ = halves(len(held), session.job.seed, samples.y, ordered)
    changed["validation_data"] = (take(samples.x, selection), take(samples.y, selection))
    session.record.note(
        f"The script holds no data out: {len(held)} of {n} rows passed to fit were held out "
        f"({'the last ones' if ordered else 'at random'}{', stratified' if stratified else ''}, "
        f"seed {session.job.seed})."
    )
    return changed


def keep_back(session: Session, arguments: dict[str, Any]) -> dict[str, Any]:
    """Training rows for a retrain to watch that nothing else tells when to stop; nothing is reported on them.

    The script has a test set, which it makes only after `fit`; to train for all the epochs that a move allows
    costs more, and ends worse, than to do without a few rows. Inherited weights that knew those rows would
    answer them from the first epoch on.
    """
    parent = session.trial.parent
    if parent is not None and not (read_json(parent / "metrics.json") or {}).get("kept_back"):
        return arguments
    x, y, n = arguments.get("x"), arguments.get("y"), count(arguments.get("x"))
    if kind_of(x) != "arrays" or n is None or y is None or n < FEWEST_TO_KEEP_BACK_OF:
        return arguments
    kept, back, _ = split(n, KEPT_BACK, session.job.seed, y, _is_ordered(session, arguments))
    session.record.set(kept_back=len(back))
    session.record.note(f"{len(back)} of {n} training rows were kept back, to tell when to stop.")
    return {**_with_rows(arguments, kept), "validation_data": (take(x, back), take(y, back))}


def _is_ordered(session: Session, arguments: dict[str, Any]) -> bool:
    return arguments.get("shuffle") is False or session.lookahead.ordered


def _with_rows(arguments: dict[str, Any], rows: Any) -> dict[str, Any]:
    """The arguments of a `fit` on these rows alone, their weights with them."""
    named = ("x", "y", "sample_weight")
    return arguments | {
        name: take(arguments[name], rows) for name in named if arguments.get(name) is not None
    }


def _hold_out_of_stream(
    session: Session, fitted: Fitted, arguments: dict[str, Any], place: str | None
) -> dict[str, Any]:
    """The same for data in batches: rows are chosen by their content, and collected as they pass."""
    x, kind = arguments.get("x"), kind_of(arguments.get("x"))
    if streams.is_image_iterator(x):
        return _hold_out_of_images(session, fitted, arguments, place)
    if session.lookahead.ordered and not (kind == "dataset" and "shuffle" in session.lookahead.keywords):
        changed = _hold_out_the_last(session, fitted, arguments, place)
        if changed is not None:
            return changed
    if streams.augmented(session.lookahead.names):
        session.record.note("Nothing could be held out: the script changes its training data at random.")
        return arguments
    share, seed = session.job.holdout, session.job.seed
    known = fitted.held_out or Samples(None, None, "held-out", "harness", place)
    collector = streams.Collector(known, share, seed)
    fitted.held_out = known
    changed = dict(arguments)
    if kind == "dataset":
        changed["x"] = streams.from_dataset(x, arguments.get("steps_per_epoch"), collector, share, seed)
        if known.y is not None and len(known.y) > 1:
            selection, _report, _ = halves(len(known.y), seed, known.y)
            changed["validation_data"] = (take(known.x, selection), take(known.y, selection))
    elif kind == "sequence":
        changed["x"] = streams.from_sequence(x, collector)
    else:
        changed["x"] = streams.from_generator(x, collector)
    session.record.note(
        f"The script holds no data out: about {share:.0%} of the rows that fit draws were held out, chosen "
        f"by their content (seed {seed})."
    )
    return changed


def _hold_out_the_last(
    session: Session, fitted: Fitted, arguments: dict[str, Any], place: str | None
) -> dict[str, Any] | None:
    """The last batches of a time series; None where the data has no end, or cannot be told apart there."""
    found = streams.last_batches(arguments["x"], session.job.holdout)
    if found is None:
        return None
    kept, x, y = found
    fitted.held_out = Samples(x, y, "held-out", "harness", place, ordered=True)
    fitted.held_out.prints = fingerprint(x)
    selection, _report, _ = halves(len(y), session.job.seed, ordered=True)
    session.record.note(f"The script holds no data out: its last {len(y)} windows were held out.")
    return {**arguments, "x": kept, "validation_data": (take(x, selection), take(y, selection))}


def _hold_out_of_images(
    session: Session, fitted: Fitted, arguments: dict[str, Any], place: str | None
) -> dict[str, Any]:
    """The same for an ImageDataGenerator's iterators, whose images are numbered, augmented or not."""
    job, iterator = session.job, arguments["x"]
    if iterator.n < FEWEST:
        session.record.note(f"Nothing was held out: there are only {iterator.n} images.")
        return arguments
    kept, x, y, held = streams.from_image_iterator(iterator, job.holdout, job.seed)
    fitted.held_out = Samples(x, y, "held-out", "harness", place, index=held)
    fitted.held_out.prints = fingerprint(x)
    selection, _report, _ = halves(len(held), job.seed, y)
    changed = {**arguments, "x": kept, "validation_data": (take(x, selection), take(y, selection))}
    if changed.get("steps_per_epoch"):
        changed["steps_per_epoch"] = min(int(changed["steps_per_epoch"]), len(kept))
    session.record.note(
        f"The script holds no data out: {len(held)} of its {iterator.n} images were held out "
        f"(seed {job.seed})."
    )
    return changed
