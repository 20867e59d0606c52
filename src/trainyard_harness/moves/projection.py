"""Ending a training whose curve can't reach the target any more. Works in Keras 2 and 3."""

from __future__ import annotations

import math
from typing import Any

LEAST = 5
"""Epochs before which no curve is judged."""
WORTH = 3
"""Epochs that have to be left for it to be worth ending."""
MARGIN = 0.03
"""By how much the projection has to miss the target."""


def projected(scores: list[float], planned: int) -> float | None:
    """The accuracy that a curve reaches at best by epoch `planned`, None where it is too early to say.

    It is taken to rise on in a straight line as it did over its last half; curves of learning bend down, so
    this is more than they reach. A third of the epochs has to be over.
    """
    n = len(scores)
    if n < max(LEAST, math.ceil(planned / 3)) or planned - n < WORTH:
        return None
    part = max(2, n // 4)
    late, before = scores[-part:], scores[-2 * part : -part]
    slope = (sum(late) - sum(before)) / part**2
    return min(1.0, max(scores) + max(0.0, slope) * (planned - n))


def callback(keras: Any, target: float, planned: int, say: Any) -> Any:
    """A Keras callback that ends a hopeless `fit`.

    Args:
        target: the accuracy that is wanted of it.
        planned: epochs that the script asks for.
        say: is called with one sentence when it ends the training.
    """

    class TrainyardProjection(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.scores: list[float] = []
            self.planned = planned
            self.over = False

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            name = next((one for one in logs or {} if one.startswith("val_") and "acc" in one), None)
            if name is None or not math.isfinite(float(logs[name])):
                return
            self.scores.append(float(logs[name]))
            reach = projected(self.scores, self.planned)
            if reach is None or reach >= target - MARGIN:
                return
            self.over = self.model.stop_training = True
            say(
                f"Ended after {len(self.scores)} of {self.planned} epochs: at {self.scores[-1]:.2f} on "
                f"validation data, its curve reaches {reach:.2f} at most, and {target:g} is wanted."
            )

        def on_train_end(self, logs: Any = None) -> None:
            # A script that draws its curves over the epochs that it asked for finds that many.
            history = getattr(self.model, "history", None)
            if not self.over or history is None:
                return
            for values in history.history.values():
                values.extend([values[-1]] * (self.planned - len(values)))
            history.epoch += range(len(history.epoch), self.planned)

    return TrainyardProjection()
