"""PyTorch loops over whole tensors: what the model is called with, and what of that it learns from.

The input that came last before an optimizer's step is training data. Any other that has a truth beside it by
its name in the script (`y_test` for `x_test`) is measured on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.data import fingerprint
from trainyard_harness.script import truth_beside
from trainyard_harness.session import Fitted, Session

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
        self._pending = [one for one in self._pending if one[0] is not x]
        if self._size < KEPT and _key(x) not in self._trained:
            self._trained[_key(x)] = x
            self._size += x.numel() * x.element_size()

    def conclude(self, session: Session, fitted: Fitted) -> None:
        """Tells the session which rows the model learnt from and was measured on."""
        for x in self._trained.values():
            prints = fingerprint(x.detach().cpu().numpy())
            if prints is not None:
                fitted.trained_on.append(prints)
        for x, truth, place in self._pending:
            rows, labels = (one.detach().cpu().numpy() for one in (x, truth))
            session.measured(fitted, rows, labels, {}, "predict", place)


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
