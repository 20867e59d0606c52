"""Training loops of the script's own in Keras: what `train_on_batch` learns from, and rows held out of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness import streams
from trainyard_harness.data import fingerprint, merged
from trainyard_harness.seen import Adapter, Fitted, Samples
from trainyard_harness.session import Session

PIECES = 64
"""Batches whose rows are kept apart before they are put together."""


def train_on_batch(original: Callable[..., Any], adapter: Adapter) -> Callable[..., Any]:
    """The patched method: its rows are training rows; some are held out where no others were measured."""
    signature = inspect.signature(original)
    collectors: dict[int, streams.Collector] = {}

    @functools.wraps(original)
    def train(model: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(model, *args, **kwargs)
        if session.out_of_time:
            raise sessions.OutOfTime
        try:
            given = dict(signature.bind(model, *args, **kwargs).arguments)
            fitted = session.take(model, adapter)
            if not fitted.fits:
                fitted.fits = 1
                session.next_fit()
                session.record.set(framework=adapter.framework)
            if session.force_holdout and given.get("y") is not None and len(given) == 3:
                if id(model) not in collectors:
                    collectors[id(model)] = _collector(session, fitted)
                kept = collectors[id(model)].divide((given["x"], given["y"]))
                if kept is not None:
                    args, kwargs, given = (*kept,), {}, {**given, "x": kept[0]}
            _learn(fitted, given.get("x"))
        except Exception as error:  # noqa: BLE001
            session.fault("train_on_batch", error)
        with session.inside():
            return original(model, *args, **kwargs)

    return train


def _collector(session: Session, fitted: Fitted) -> streams.Collector:
    share, seed = session.job.holdout, session.job.seed
    fitted.held_out = Samples(None, None, "held-out", "harness", session.place())
    session.record.note(
        f"The script holds no data out: about {share:.0%} of the rows that train_on_batch gets were held "
        f"out, chosen by their content (seed {seed})."
    )
    return streams.Collector(fitted.held_out, share, seed)


def _learn(fitted: Fitted, x: Any) -> None:
    prints = fingerprint(x)
    if prints is None or any(prints.digest == one.digest for one in fitted.trained_on):
        return
    fitted.trained_on.append(prints)
    if len(fitted.trained_on) > PIECES:
        fitted.trained_on[:] = [merged(fitted.trained_on)]
