"""What happens around `fit`, `score` and `predict` of an estimator that classifies or regresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trainyard_harness import folds
from trainyard_harness.data import count, fingerprint, take
from trainyard_harness.facts import data_facts
from trainyard_harness.files import dump, replace_quickly
from trainyard_harness.frameworks.sklearn_mistakes import mistakes
from trainyard_harness.frameworks.sklearn_model import SklearnAdapter, describe, task_of
from trainyard_harness.holdout import split
from trainyard_harness.seen import Fitted, Samples
from trainyard_harness.session import OutOfTime, Session

ADAPTER = SklearnAdapter()
FEWEST = 10
Call = Callable[..., Any]


def fit(
    session: Session, original: Call, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if session.out_of_time:
        raise OutOfTime
    x, y, rest = _given(args, kwargs)
    if task_of(estimator) is None or x is None or y is None:
        with session.inside():
            return original(*args, **kwargs)
    kind = type(estimator)
    _name_mistakes(session, estimator, x, y)
    try:
        place = session.place()
        with session.inside():
            fitted = _begin(session, estimator)
            _know_watched(fitted, x, rest, place)
            given = x
            x, y, rest = _hold_out(session, fitted, x, y, rest, place)
            _know(session, fitted, x, y)
            # Measuring on all that it passed to `fit` is measuring on training rows, held out or not.
            fitted.trained_objects.append(given)
        args, kwargs = (x, y), rest
    except Exception as error:  # noqa: BLE001
        session.fault("fit", error)
    session.boosting = type(estimator).__module__.split(".")[0] in {"xgboost", "lightgbm"}
    try:
        with session.inside():
            # A move may have made a pipeline of the estimator, whose `fit` is another.
            result = (original if type(estimator) is kind else estimator.fit)(*args, **kwargs)
    finally:
        session.boosting = False
    _described(session, estimator)
    return result


def partial_fit(
    session: Session, original: Call, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Rows come in pieces: nothing is held out of them, and each piece counts as trained on."""
    if session.out_of_time:
        raise OutOfTime
    x, y, _rest = _given(args, kwargs)
    if task_of(estimator) is not None and x is not None:
        try:
            with session.inside():
                fitted = session.of(estimator)
                _know(session, fitted if fitted is not None else _begin(session, estimator), x, y)
        except Exception as error:  # noqa: BLE001
            session.fault("partial_fit", error)
    with session.inside():
        return original(*args, **kwargs)


def score(
    session: Session, original: Call, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    with session.inside():
        result = original(*args, **kwargs)
    try:
        fitted = session.of(estimator)
        x, y, _rest = _given(args, kwargs)
        if fitted is not None:
            name = score_name(estimator)
            session.measured(fitted, x, y, {name: float(result)}, "score", session.place())
    except Exception as error:  # noqa: BLE001
        session.fault("score", error)
    return result


def predict(
    session: Session, original: Call, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    with session.inside():
        result = original(*args, **kwargs)
    try:
        fitted = session.of(estimator)
        if fitted is not None:
            session.predicted(fitted, _given(args, kwargs)[0], result)
    except Exception as error:  # noqa: BLE001
        session.fault("predict", error)
    return result


def crossing(session: Session, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Before a cross-validation, which fits copies of the estimator: the moves, and what they are made of."""
    names = ("estimator", "X", "y")
    estimator, x, y = (args[i] if len(args) > i else kwargs.get(name) for i, name in enumerate(names))
    if task_of(estimator) is None or x is None or y is None:
        return
    _name_mistakes(session, estimator, x, y)
    with session.inside():
        fitted = _moved(session, estimator)
    if not fitted.fits:
        fitted.last = (x, y)
        session.know_data(lambda: data_facts(x, y))
        session.record.set(framework=ADAPTER.framework)
        if _keep_one not in session.before_conclusion:
            session.before_conclusion.append(_keep_one)


def _name_mistakes(session: Session, estimator: Any, x: Any, y: Any) -> None:
    """Says what can't work before it is fitted; of several estimators the last one's is kept."""
    try:
        found = mistakes(estimator, x, y, session.lookahead.names)
    except Exception as error:  # noqa: BLE001  data that can't be looked at is for `fit` to say
        session.fault("mistakes", error)
        return
    session.record.set(mistakes=[])
    session.record.mistaken(found)


def _keep_one(session: Session) -> None:
    """Fits the last estimator of a script that only cross-validates, so that there is a model."""
    crossed = [one for one in session.fitted if not one.fits and one.moved and one.last]
    session.fitted[:] = [one for one in session.fitted if one not in crossed]
    if session.fitted or not crossed:
        return
    fitted = crossed[-1]
    x, y = fitted.last or (None, None)
    with session.inside():
        fitted.model.fit(x, y)
    fitted.fits = 1
    _know(session, fitted, x, y)
    session.fitted.append(fitted)
    session.record.note(f"The script only cross-validates: the model kept was fitted on all {count(x)} rows.")


def cross_validated(
    session: Session, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> None:
    """The mean of a cross-validation, as a number on validation folds."""
    import numpy as np

    estimator = args[0] if args else kwargs.get("estimator")
    asked = kwargs.get("scoring")
    metric = asked if isinstance(asked, str) else score_name(estimator)
    if name == "cross_val_score":
        session.record.add(
            metric, float(np.mean(result)), split="validation", origin=name, place=session.place()
        )
    elif name == "cross_validate":
        for key, values in result.items():
            if key.startswith("test_"):
                called = metric if key == "test_score" else key.removeprefix("test_")
                session.record.add(
                    called, float(np.mean(values)), split="validation", origin=name, place=session.place()
                )


def score_name(estimator: Any) -> str:
    """What `score` of this estimator is called."""
    scoring = getattr(estimator, "scoring", None)
    if isinstance(scoring, str):
        return scoring
    return "accuracy" if task_of(estimator) == "classification" else "r2"


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """x, y and the other keyword arguments of a call in scikit-learn's manner."""
    rest = dict(kwargs)
    x = args[0] if args else rest.pop("X", None)
    y = args[1] if len(args) > 1 else rest.pop("y", None)
    if len(args) > 2:
        rest.setdefault("sample_weight", args[2])
    return x, y, rest


def _begin(session: Session, estimator: Any) -> Fitted:
    fitted = _moved(session, estimator)
    # A second fit starts over: what the first one saw is forgotten, but for what a k-fold loop needs.
    folds.remember(session, fitted, fitted.tests[-1] if fitted.tests else None)
    fitted.trained_on.clear()
    fitted.tests.clear()
    fitted.fits += 1
    session.next_fit()
    session.record.set(framework=ADAPTER.framework)
    return fitted


def _moved(session: Session, estimator: Any) -> Fitted:
    """The estimator taken in, and changed by the trial's moves once."""
    fitted = session.take(estimator, ADAPTER)
    if not fitted.moved and session.spec["moves"]:
        from trainyard_harness.moves import estimators

        changed, notes = estimators.apply(estimator, session.spec["moves"])
        if changed is not estimator:
            estimator.__class__ = type(changed)
            estimator.__dict__ = changed.__dict__
        for note in notes:
            session.record.note(note)
    fitted.moved = True
    return fitted


def _know_watched(fitted: Fitted, x: Any, rest: dict[str, Any], place: str | None) -> None:
    """`eval_set` of boosting estimators is validation data, unless it is the training data itself."""
    watched = rest.get("eval_set")
    if isinstance(watched, tuple) and len(watched) == 2:
        watched = [watched]
    for pair in watched if isinstance(watched, list) else []:
        if isinstance(pair, tuple | list) and len(pair) == 2 and pair[0] is not x:
            fitted.validation = Samples(pair[0], pair[1], "validation", "eval_set", place)
            fitted.validation.prints = fingerprint(pair[0])


def _hold_out(
    session: Session, fitted: Fitted, x: Any, y: Any, rest: dict[str, Any], place: str | None
) -> tuple[Any, Any, dict[str, Any]]:
    n = count(x)
    if n is None or fitted.validation or (session.expects_test(x, y) and not session.force_holdout):
        return x, y, rest
    if n < FEWEST:
        session.record.note(f"Nothing was held out: there are only {n} rows.")
        return x, y, rest
    labels = y if task_of(fitted.model) == "classification" else None
    ordered = session.lookahead.ordered
    kept, held, stratified = split(n, session.job.holdout, session.job.seed, labels, ordered)
    fitted.held_out = Samples(
        take(x, held), take(y, held), "held-out", "harness", place, ordered=ordered, index=held,
        options={"stratified": stratified},
    )  # fmt: skip
    fitted.held_out.prints = fingerprint(fitted.held_out.x)
    session.record.note(
        f"The script holds no data out: {len(held)} of {n} rows passed to fit were held out "
        f"({'the last ones' if ordered else 'at random'}{', stratified' if stratified else ''}, "
        f"seed {session.job.seed})."
    )
    fewer = {
        name: take(value, kept) if name in {"sample_weight", "groups"} and count(value) == n else value
        for name, value in rest.items()
    }
    return take(x, kept), take(y, kept), fewer


def _know(session: Session, fitted: Fitted, x: Any, y: Any) -> None:
    prints = fingerprint(x)
    if prints is not None:
        fitted.trained_on.append(prints)
    fitted.trained_objects[:] = [x]
    fitted.last = (x, y)
    fitted.training = {"n_train": count(x)}
    session.know_data(lambda: data_facts(x, y))


def _described(session: Session, estimator: Any) -> None:
    try:
        found = {**describe(estimator), "training": session.of(estimator).training}  # type: ignore[union-attr]
        replace_quickly(session.trial.architecture, dump(found))
        session.record.progress()
    except Exception as error:  # noqa: BLE001
        session.fault("after fit", error)
