"""PyTorch loops over whole tensors: what the model is called with, and what of that it learns from.

The input that came last before an optimizer's step is training data. Any other that has a truth beside it by
its name in the script (`y_test` for `x_test`) is measured on. Where there is none, a second training holds
rows out of the variables that the first one took its input from: they are made shorter where they stand.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.data import fingerprint
from trainyard_harness.holdout import split
from trainyard_harness.script import scopes, truth_beside, truth_names
from trainyard_harness.seen import Fitted, Samples
from trainyard_harness.session import Session

FEWEST = 10
"""Rows below which nothing can be held out."""
KEPT = 128 * 2**20
"""Bytes of training batches that are kept to recognise their rows."""


class Tensors:
    """What one model was called with."""

    def __init__(self) -> None:
        self.model: Any = None
        self._last: Any = None
        self._pending: list[tuple[Any, Any, str | None]] = []
        self._trained: dict[tuple[Any, ...], Any] = {}
        self._size = 0
        self._held_out: Samples | None = None

    def called(self, session: Session, x: Any) -> None:
        """The script has called its model with `x`."""
        if not hasattr(x, "detach") or x.ndim < 1:
            return
        self._last = x
        if _key(x) in self._trained or any(one is x for one, _truth, _place in self._pending):
            return
        truth = truth_beside(x, len(x), session.trial.work)
        if hasattr(truth, "detach"):
            self._pending.append((x, truth, session.place()))

    def stepped(self) -> None:
        """An optimizer has made a step: the last input was training data."""
        if self._last is None:
            return
        x, self._last = self._last, None
        if not self._trained:
            session = sessions.current()
            session.holdable = _source(x, session)
        self._pending = [one for one in self._pending if one[0] is not x]
        if self._size < KEPT and _key(x) not in self._trained:
            self._trained[_key(x)] = x
            self._size += x.numel() * x.element_size()

    def hold_out(self, session: Session) -> None:
        """Takes rows out of the variables that the first training took its input from, before it begins."""
        found: list[Any] = [
            next((names[name] for names in scopes(session.trial.work) if name in names), None)
            for name in (session.holdable["x"], session.holdable["y"])
        ]
        if not all(map(_is_tensor, found)) or not FEWEST <= len(found[0]) == len(found[1]):
            return
        x, y = found
        n, labels = len(x), y.detach().cpu().numpy()
        job = session.job
        kept, held, stratified = split(n, job.holdout, job.seed, labels, session.lookahead.ordered)
        rows = x.detach().cpu().numpy()[held]
        self._held_out = Samples(
            rows, labels[held], "held-out", "harness", session.place(), index=held,
            prints=fingerprint(rows), options={"stratified": stratified},
        )  # fmt: skip
        for tensor in (x, y):
            tensor.data = tensor.data[kept]
        session.record.note(
            f"The script holds no data out: {len(held)} of the {n} rows of {session.holdable['x']} were held "
            f"out (seed {job.seed})."
        )

    def conclude(self, session: Session, fitted: Fitted) -> None:
        """Tells the session which rows the model learnt from and was measured on."""
        fitted.held_out = self._held_out
        for x in self._trained.values():
            prints = fingerprint(x.detach().cpu().numpy())
            if prints is not None:
                fitted.trained_on.append(prints)
        for x, truth, place in self._pending:
            rows, labels = (one.detach().cpu().numpy() for one in (x, truth))
            session.measured(fitted, rows, labels, {}, "predict", place)


def _source(x: Any, session: Session) -> dict[str, str]:
    """The names of the variables that hold all rows of a training input, and their truth."""
    prints = fingerprint(x.detach().cpu().numpy())
    for names in scopes(session.trial.work) if prints is not None else ():
        for name, one in names.items():
            if not _is_tensor(one) or one.shape[1:] != x.shape[1:] or len(one) < len(x):
                continue
            truths = [truth for truth in truth_names(name) if _is_tensor(names.get(truth))]
            whole = fingerprint(one.detach().cpu().numpy()) if truths else None
            if whole is not None and prints is not None and prints.shared_with(whole) == 1:
                return {"x": name, "y": truths[0]}
    return {}


def _is_tensor(thing: Any) -> bool:
    return isinstance(thing, sys.modules["torch"].Tensor) and thing.ndim > 0


def _key(x: Any) -> tuple[Any, ...]:
    """The same for slices of the same rows, which each epoch takes anew."""
    return (x.data_ptr(), *x.shape)


TENSORS = Tensors()


def patch(module: Any) -> None:
    """Wraps the call of every module; all but the model that is watched pass straight through."""
    original: Callable[..., Any] = module.__call__

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self is TENSORS.model and args:
            session = sessions.current()
            if not session.depth and not session.concluding:
                try:
                    TENSORS.called(session, args[0])
                except Exception as error:  # noqa: BLE001
                    session.fault("a model's call", error)
        return original(self, *args, **kwargs)

    module.__call__ = call
