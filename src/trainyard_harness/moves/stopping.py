"""Ending a training when it has got somewhere, or gets nowhere any more. Works in Keras 2 and 3."""

from __future__ import annotations

import math
from typing import Any

SETTLE = 0.4
"""Part of the patience after which a plateau halves the learning rate, before it ends the training."""
GAIN = 0.001
"""What counts as better at least: so much more accuracy, or such a part less of the loss."""
LEARNT = 0.999
"""Training accuracy at which the data is learnt by heart, and half the patience shows all that is to come."""
CONFIRMED = 2
"""Epochs at or over `enough` that are taken as having arrived: one may be luck."""


class Stopping:
    """Watches one validation number from epoch to epoch. Plain values only, so that checkpoints carry it.

    Args:
        patience: epochs without a better number after which training ends.
        enough: a validation accuracy that suffices; None to train until the plateau.
        gain: how much more accuracy is more than chance.
    """

    def __init__(self, patience: int, enough: float | None = None, gain: float = GAIN) -> None:
        self.patience = patience
        self.enough = enough
        self.gain = max(gain, GAIN)
        self.best: float | None = None
        self.waited = 0
        self.since_cut = 0
        self.arrived = 0

    def after(self, logs: dict[str, Any]) -> str:
        """`stop`, `slower` (halve the rate) or `on`, after an epoch with these numbers."""
        name = _watched(logs)
        if name is None:
            return "on"
        value, higher = float(logs[name]), "acc" in name
        if self.enough is not None and higher:
            self.arrived += value >= self.enough
        if not math.isfinite(value) or self.arrived >= CONFIRMED:
            return "stop"
        if self._better(value, higher):
            self.best, self.waited, self.since_cut = value, 0, 0
            return "on"
        self.waited += 1
        self.since_cut += 1
        if self.waited >= (math.ceil(self.patience / 2) if _learnt(logs) else self.patience):
            return "stop"
        if self.since_cut < max(2, round(SETTLE * self.patience)):
            return "on"
        self.since_cut = 0
        return "slower"

    def _better(self, value: float, higher: bool) -> bool:
        if self.best is None:
            return True
        return value > self.best + self.gain if higher else value < self.best - GAIN * abs(self.best)


def callback(keras: Any, patience: int, enough: float | None, gain: float = GAIN) -> Any:
    """A Keras callback around `Stopping`, for `fit(callbacks=[...])`."""

    class TrainyardStopping(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rule = Stopping(patience, enough, gain)
            self.rate: float | None = None

        def on_train_begin(self, logs: Any = None) -> None:
            if self.rate is None:
                self.rate = _rate(self.model.optimizer)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            answer = self.rule.after(dict(logs or {}))
            if answer == "stop":
                self.model.stop_training = True
            elif answer == "slower":
                rate = _rate(self.model.optimizer)
                if rate is not None:
                    self.model.optimizer.learning_rate = rate / 2

        def on_train_end(self, logs: Any = None) -> None:
            # A later fit starts at the rate that was asked for, and the description says that one.
            if self.rate is not None:
                self.model.optimizer.learning_rate = self.rate

    return TrainyardStopping()


def _rate(optimizer: Any) -> float | None:
    """The optimizer's rate; None where a schedule of the script's own drives it."""
    if isinstance(optimizer.get_config().get("learning_rate"), dict):
        return None
    try:
        return float(optimizer.learning_rate)
    except (TypeError, ValueError):
        return None


def _learnt(logs: dict[str, Any]) -> bool:
    name = next((one for one in logs if "acc" in one and not one.startswith("val_")), None)
    return name is not None and float(logs[name]) >= LEARNT


def _watched(logs: dict[str, Any]) -> str | None:
    """The validation accuracy where there is one, else the validation loss."""
    names = [name for name in logs if name.startswith("val_")]
    return next((name for name in names if "acc" in name), "val_loss" if "val_loss" in names else None)
