"""After the script: which model is meant, on which rows it is measured, the numbers for the gate."""

from __future__ import annotations

import sys

from trainyard_harness import beside, folds
from trainyard_harness.files import dump, write_atomic
from trainyard_harness.folds import Fold
from trainyard_harness.holdout import halves
from trainyard_harness.measured import Measured, measure
from trainyard_harness.seen import Fitted, Samples
from trainyard_harness.session import Session

TOLD = {"printed line", "metrics file"}
"""Origins of numbers that the script told in words."""


def conclude(session: Session) -> bool:
    """Writes the final numbers, the model and its held-out rows; whether there is a number to gate."""
    for prepare in session.before_conclusion:
        prepare(session)
    for one in session.fitted:
        divided = session.divided(one) if not one.tests else None
        if divided is not None and not (one.validation and same_rows(divided, one.validation)):
            one.tests.append(divided)
    candidates = [one for one in session.fitted if sets_of(one) is not None]
    chosen = _choose(session, candidates)
    subject = chosen.fitted if chosen else (session.fitted[-1] if session.fitted else None)
    if subject is not None:
        with session.inside():
            session.record.set(model=subject.adapter.save(subject.model, session))
            beside.keep_code(session)
            described = {**subject.adapter.describe(subject.model), "training": subject.training}
        write_atomic(session.trial.architecture, dump(described))
    if chosen is not None:
        _record(session, chosen)
        beside.sign(session, chosen)
        beside.store_rows(session, chosen)
        return True
    return _script_numbers(session)


def sets_of(fitted: Fitted) -> tuple[Samples, Samples] | None:
    """A model's held-out rows for selection and for the report; the same object where there is one set."""
    test = _largest(fitted.tests)
    held_out = fitted.held_out if fitted.held_out and fitted.held_out.y is not None else None
    other = fitted.validation or held_out
    if test is None or other is None:
        only = test or other
        return (only, only) if only is not None else None
    if same_rows(test, other):
        return test, test
    return other, test


def same_rows(one: Samples, other: Samples) -> bool:
    if one.x is other.x:
        return True
    return bool(one.prints and other.prints and one.prints.digest == other.prints.digest)


def _largest(tests: list[Samples]) -> Samples | None:
    """The largest set; of equal ones the last. What cannot be counted (datasets) goes before what can."""
    best = None
    for one in tests:
        if best is None or (one.n or sys.maxsize) >= (best.n or sys.maxsize):
            best = one
    return best


def _choose(session: Session, candidates: list[Fitted]) -> Measured | None:
    """The model that is meant: the one the script saves, else the best on the same rows, else the last.

    Several are compared on the selection part only, so that the report stays honest.
    """
    over_folds = _over_folds(session, candidates)
    if over_folds is not None:
        return over_folds
    saved = [one for one in candidates if one.saved]
    if saved:
        candidates = saved[-1:]
    last: Measured | None = None
    for fitted in reversed(candidates[-20:]):
        found = _measure(session, fitted)
        if found is None:
            continue
        if last is None or (same_rows(found.report, last.report) and _better(found, last)):
            last = found
    if last is not None and len(candidates) > 1:
        session.record.note(
            f"The script fits {len(candidates)} models that can be measured; taken is "
            f"{type(last.fitted.model).__name__}."
        )
    return last


def _over_folds(session: Session, candidates: list[Fitted]) -> Measured | None:
    """The folds of a k-fold loop as one, where the candidates are one; the model is the saved or the last."""
    found: list[Fold] = list(session.folds)
    kept: dict[int, int] = {}
    for fitted in candidates if len(candidates) + len(found) in range(folds.FEWEST, folds.MOST + 1) else []:
        measured = _measure(session, fitted)
        if measured is not None and measured.selection is measured.report:
            kept[id(fitted)] = len(found)
            found.append(Fold(measured.report, fitted.trained_on, measured.outcomes[0]))
    if not folds.are_folds(found):
        return None
    subject = ([one for one in candidates if one.saved] or candidates)[-1]
    number = kept.get(id(subject), len(found) - 1)
    samples, outcome = folds.pooled(found)
    sizes = [len(one.outcome["truth"]) for one in found]
    session.record.note(
        f"A k-fold loop: the number is of all {len(found)} folds together, {sum(sizes)} rows, each measured "
        f"by the model that did not learn from it. The model kept is of fold {number + 1}: `verify` measures "
        f"it on that fold's {sizes[number]} rows again, and takes the other models' predictions as stored."
    )
    halved = halves(sum(sizes), session.job.seed, outcome["truth"], samples.ordered)
    return Measured(
        subject, samples, samples, [outcome], halved, found[number].samples, sum(sizes[:number])
    )  # fmt: skip


def _better(one: Measured, other: Measured) -> bool:
    first, second = one.on("selection"), other.on("selection")
    for name in ("accuracy", "r2"):
        if name in first and name in second:
            return first[name] > second[name]
    return "mse" in first and "mse" in second and first["mse"] < second["mse"]


def _measure(session: Session, fitted: Fitted) -> Measured | None:
    sets = sets_of(fitted)
    if sets is None:
        return None
    selection, report = sets
    try:
        with session.inside():
            distinct = [selection] if selection is report else [selection, report]
            outcomes = [fitted.adapter.outcome(fitted.model, one) for one in distinct]
    except Exception as error:  # noqa: BLE001  the script's own numbers are left then
        session.record.note(
            f"{type(fitted.model).__name__} could not be measured again: {type(error).__name__}: {error}"
        )
        return None
    if any(not measure(one, None) for one in outcomes):
        return None
    if not _agrees(session, fitted, report, measure(outcomes[-1], None)):
        return None
    halved = None
    if selection is report:
        n = len(outcomes[0]["truth"])
        halved = halves(n, session.job.seed, outcomes[0]["truth"], selection.ordered)
    return Measured(fitted, selection, report, outcomes, halved)


def _agrees(session: Session, fitted: Fitted, report: Samples, ours: dict[str, float]) -> bool:
    """Whether our number is the script's own, where it has one of the same rows and the same state.

    It would not be where the truth that it compares with is in another form than the model's output.
    """
    for name, value in report.values.items():
        if name not in ours or report.fits != fitted.fits:
            continue
        if abs(value - ours[name]) > 0.005 * max(1.0, abs(value)):
            session.record.note(
                f"{type(fitted.model).__name__} measured again has {name} {ours[name]:.4f}, the script has "
                f"{value:.4f}: the script's own number is taken."
            )
            return False
    return True


def _record(session: Session, chosen: Measured) -> None:
    record = session.record
    selection, report = chosen.selection, chosen.report
    if chosen.halved is not None:
        n_selection, n_report = len(chosen.halved[0]), len(chosen.halved[1])
    else:
        n_selection, n_report = len(chosen.outcomes[0]["truth"]), len(chosen.outcomes[1]["truth"])
    wholes = [selection] if selection is report else [selection, report]
    for samples, outcome in zip(wholes, chosen.outcomes, strict=True):
        _add(session, measure(outcome, None), samples, "all", len(outcome["truth"]))
    _add(session, chosen.on("selection"), selection, "selection", n_selection)
    _add(session, chosen.on("report"), report, "report", n_report)
    stratified = chosen.halved[2] if chosen.halved else bool(selection.options.get("stratified"))
    record.set(
        holdout={
            "by": "harness" if report.origin == "harness" else "script",
            "n_selection": n_selection,
            "n_report": n_report,
            "seed": session.job.seed,
            "stratified": stratified,
        }
    )


def _add(session: Session, found: dict[str, float], samples: Samples, part: str, n: int) -> None:
    for name, value in found.items():
        session.record.add(
            name, value, split=samples.split, origin=samples.origin, place=samples.place, part=part, n=n
        )


def _script_numbers(session: Session) -> bool:
    """Where no model can be measured again: the script's own numbers on held-out data, if there are any."""
    usable = [
        one
        for one in session.record.metrics
        if one["split"] in {"test", "held-out", "validation"}
        and one["part"] == "all"
        and not (session.measured_training and one["origin"] in TOLD)
    ]
    wanted = "test" if any(one["split"] == "test" for one in usable) else "validation"
    usable = [one for one in usable if one["split"] == wanted]
    captured = {one["name"] for one in usable if one["origin"] not in TOLD}
    found = False
    # What was captured is exact; a printed form of it is rounded.
    for one in [one for one in usable if one["origin"] not in TOLD or one["name"] not in captured]:
        found = True
        for part in ("selection", "report"):
            session.record.add(
                one["name"], one["value"], split=one["split"], origin=one["origin"], place=one["place"],
                part=part, n=one["n"],
            )  # fmt: skip
    if found:
        session.record.note(
            "The numbers are the script's own: its held-out rows could not be measured again, so trials are "
            "compared and reported on the same rows."
        )
    return found
