"""One call of `fit`, made resumable: checkpointed, and on a restart replayed and then continued.

A restarted training runs the script again from its top. In a `fit` that had come some way, the finished
steps are replayed: their batches are drawn from the input pipeline and thrown away, so that shuffling,
augmentation and generators arrive where they were, whatever they are made of; then weights, optimizer, random
state, callbacks and history are put back from the checkpoint and training goes on. The very first step of a
replay is a real one, so that what is built or traced then comes in the same order as in the first attempt.
"""

from __future__ import annotations

import math
import time
from typing import Any

from trainyard_harness.frameworks import keras_state as state
from trainyard_harness.session import Session

BEST_LIMIT = 512 * 2**20
"""Bytes of weights up to which the best epoch's are kept beside the last."""


class FitRun:
    """One `fit` of one model, from `on_train_begin` to `on_train_end`.

    Args:
        session: the training that this is a part of.
        model: the script's model.
        number: which `fit` of the script, counted from 0.
        plain_data: the input is arrays or tf.data, so Python's and numpy's random state is not drawn from by
            the pipeline (possibly ahead of the training) and can be restored exactly.
        keep_best: whether the best epoch's weights are put back when the fit ends.
    """

    def __init__(
        self, session: Session, model: Any, number: int, *, plain_data: bool, keep_best: bool
    ) -> None:
        self.session = session
        self.model = model
        self.number = number
        self.plain_data = plain_data
        self.keep_best = keep_best
        self.callbacks: Any = None
        self.replaying = False
        self.epoch = 0
        self.step = 0
        self.began = time.time()
        self.epoch_began = time.monotonic()
        self.logs: dict[str, float] | None = None
        self.best: dict[str, Any] | None = None
        self.best_weights: list[Any] | None = None
        self.failed = False
        self._saved = session.store.newest(number)
        self._functions: tuple[Any, Any] = (None, None)
        self._pulled: set[str] = set()
        self._drawn: dict[str, Any] = {}

    # -- called by the patched CallbackList, in the order of Keras' own loop

    def train_begin(self, callbacks: Any) -> None:
        self.callbacks = callbacks
        self.began = time.time()
        if self._saved is not None:
            self._start_replay()

    def epoch_begin(self, epoch: int) -> bool:
        """Returns whether the callbacks are to be told."""
        self.epoch, self.step = epoch, 0
        self.epoch_began = time.monotonic()
        return not self.replaying

    def replayed(self, step: int) -> None:
        """After a replayed step."""
        self.step = step + 1
        if (self.epoch, self.step) == self._target():
            self._end_replay()
            # Where this was the epoch's last step, Keras takes the epoch's numbers from what the step gave.
            self._drawn.update(self.model.get_metrics_result())

    def trained(self, step: int) -> None:
        """After a real step and the script's own callbacks."""
        self.step = step + 1
        if self.session.out_of_time:
            self.model.stop_training = True
        elif self.session.store.due():
            self._write(self.epoch, self.step)

    def epoch_end(self, epoch: int, logs: Any) -> bool:
        if self.replaying and (epoch + 1, 0) == self._target():
            self._end_replay()
            return False
        return not self.replaying

    def epoch_ended(self, epoch: int, logs: Any) -> None:
        """After the script's own callbacks: history, best so far, checkpoint."""
        self.logs = {name: float(value) for name, value in dict(logs or {}).items() if _is_number(value)}
        self._remember_best(epoch)
        self.session.epoch(self.number, epoch, self.logs, time.monotonic() - self.epoch_began)
        last = self.model.stop_training or epoch + 1 >= self.callbacks.params.get("epochs", 0)
        if self.session.out_of_time or not self.session.store.affordable():
            return
        if last:
            self._write(epoch + 1, 0, done=True)
        else:
            self._write(epoch + 1, 0)

    def train_ended(self) -> None:
        """After the script's own callbacks: the best epoch's weights, where they are wanted."""
        wanted = self.keep_best or self.session.out_of_time
        if wanted and self.best and self.best_weights is not None and self.best["epoch"] != self.epoch:
            self.model.set_weights(self.best_weights)
            self.session.record.note(
                f"Fit {self.number + 1}: the weights of its best epoch, {self.best['epoch'] + 1} "
                f"({self.best['name']} {self.best['value']:.4f}), were put back."
            )
        self._restore_functions()

    # -- best so far

    def _remember_best(self, epoch: int) -> None:
        name = monitored(self.logs or {})
        if name is None or self.logs is None or self.model.count_params() * 4 > BEST_LIMIT:
            return
        value = self.logs[name]
        better = self.best is None or (
            value > self.best["value"] if best_is_high(name) else value < self.best["value"]
        )
        if better and math.isfinite(value):
            self.best = {"name": name, "value": value, "epoch": epoch}
            self.best_weights = self.model.get_weights()

    # -- checkpoints

    def _write(self, epoch: int, step: int, done: bool = False) -> None:
        try:
            if done:
                self.session.store.finish(self.number, lambda: self._state(epoch, step))
            else:
                self.session.store.write(self.number, epoch * 10**6 + step, lambda: self._state(epoch, step))
        except Exception as error:  # noqa: BLE001  no checkpoint is better than no training
            self.session.fault("checkpoint", error)

    def _state(self, epoch: int, step: int) -> tuple[dict[str, Any], list[Any]]:
        found = state.variables(self.model)
        content = {
            "epoch": epoch,
            "step": step,
            "stop": bool(self.model.stop_training),
            "variables": len(found),
            "callbacks": [state.callback_state(one) for one in self.callbacks.callbacks],
            "files": state.written_files(self.callbacks.callbacks, self.began),
            "random": state.random_state() if self.plain_data else None,
            "rows": self.session.history.of(self.number),
            "logs": self.logs,
            "best": self.best,
        }
        return content, [*state.values(found), *(self.best_weights or [])]

    # -- replay

    def _target(self) -> tuple[int, int] | None:
        return (self._saved[0]["epoch"], self._saved[0]["step"]) if self._saved else None

    def _start_replay(self) -> None:
        self.replaying = True
        model = self.model
        self._functions = (model.train_function, model.test_function)
        model.train_function = self._puller("train")
        model.test_function = self._puller("test")

    def _puller(self, kind: str) -> Any:
        """A stand-in for a step function: after a first real step it only draws what a step draws."""

        def pull(iterator: Any) -> dict[str, float]:
            if kind not in self._pulled:
                self._pulled.add(kind)
                self._real(kind)(iterator)
                return self._drawn
            for _ in range(int(getattr(self.model, "steps_per_execution", 1) or 1)):
                next(iterator)
            return self._drawn

        return pull

    def _real(self, kind: str) -> Any:
        """The real step function; a test function is first made when it is first needed."""
        train, test = self._functions
        if kind == "train":
            return train
        if test is None:
            stand_in = self.model.test_function
            self.model.test_function = None
            made = self.model.make_test_function()
            test = self.model.test_function or made
            self._functions = (train, test)
            self.model.test_function = stand_in
        return test

    def _end_replay(self) -> None:
        if self._saved is None:
            return
        content, arrays = self._saved
        self._restore_functions()
        self.replaying = False
        count = content["variables"]
        state.assign(state.variables(self.model), arrays[:count])
        self.best, self.best_weights = content["best"], arrays[count:] or None
        for callback, saved in zip(self.callbacks.callbacks, content["callbacks"], strict=False):
            state.set_callback_state(callback, saved)
        state.restore_files(content["files"])
        if content["random"] is not None:
            state.set_random_state(content["random"])
        self.model.stop_training = content["stop"]
        self.logs = content["logs"]
        self.session.history.restore(self.number, content["rows"])
        self.session.record.set(
            resumed_from_epoch=len(self.session.history.rows), epochs_done=len(self.session.history.rows)
        )
        self._saved = None

    def _restore_functions(self) -> None:
        if self._functions[0] is not None:
            self.model.train_function, self.model.test_function = self._functions
            self._functions = (None, None)


def monitored(logs: dict[str, float]) -> str | None:
    """The validation number that epochs are compared by: accuracy where there is one, else the loss."""
    names = [name for name in logs if name.startswith("val_")]
    for name in names:
        if "acc" in name:
            return name
    return "val_loss" if "val_loss" in names else None


def best_is_high(name: str) -> bool:
    return "acc" in name


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
