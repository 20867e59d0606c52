"""The training loops of a PyTorch script, as far as they show: epochs, their checkpoints, their replay."""

from __future__ import annotations

import io
import random
import sys
import time
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.session import Session


class Loops:
    """The script's training loops, as far as they show."""

    def __init__(self) -> None:
        self.models: list[Any] = []
        self.optimizers: list[Any] = []
        self.schedulers: list[Any] = []
        self.loaders: list[Any] = []
        self.measured_on: list[tuple[Any, str, str | None]] = []
        self.candidate: Any = None
        self.current: Any = None
        self.train: int | None = None
        self.epochs = 0
        self.held_out: Any = None
        self.fits_under_way = 0
        """Calls of Lightning's `fit`, inside which the script's own methods make its loaders."""
        self.replaying = False
        self.saved: dict[str, Any] | None = None
        self.asked = False
        self._began = time.monotonic()

    def trains(self, loader: Any) -> bool:
        """Whether `loader` is the one that the optimizer learns from."""
        return self.train is not None and self.loaders[self.train : self.train + 1] == [loader]

    def begin_epoch(self, session: Session) -> None:
        """A pass over the training data begins: what came before is an epoch, and worth a checkpoint."""
        if self.epochs and not self.replaying:
            session.epoch(0, self.epochs - 1, session.recent(), time.monotonic() - self._began)
            if session.store.affordable():
                try:
                    session.store.write(0, self.epochs, lambda: (self._state(session), []))
                except Exception as error:  # noqa: BLE001
                    session.fault("checkpoint", error)
        if self.replaying and self.saved is not None and self.epochs == self.saved["epoch"]:
            self._restore(session)
        self._began = time.monotonic()
        self.epochs += 1

    def resume(self, session: Session) -> None:
        """Looks, once, whether an earlier attempt left a checkpoint."""
        if not self.asked:
            self.asked = True
            found = session.store.newest(0)
            if found is not None and "torch" in found[0]:
                self.saved = found[0]
                self.train = self.saved["train"]
                self.replaying = True

    def _state(self, session: Session) -> dict[str, Any]:
        torch = sys.modules["torch"]
        held = io.BytesIO()
        parts = (*self.models, *self.optimizers, *self.schedulers)
        torch.save([one.state_dict() for one in parts], held)
        numpy = sys.modules.get("numpy")
        drawn = (
            torch.get_rng_state(),
            random.getstate(),
            numpy.random.get_state() if numpy else None,
            [one.generator.get_state() for one in self.loaders if one.generator is not None],
        )
        return {
            "torch": held.getvalue(),
            "epoch": self.epochs,
            "train": self.train,
            "random": drawn,
            "rows": session.history.of(0),
        }

    def _restore(self, session: Session) -> None:
        torch = sys.modules["torch"]
        saved = self.saved or {}
        try:
            states = torch.load(io.BytesIO(saved["torch"]), weights_only=False)
            parts = (*self.models, *self.optimizers, *self.schedulers)
            for part, state in zip(parts, states, strict=True):
                part.load_state_dict(state)
            drawn, python, numbers, generators = saved["random"]
            seeded = [one.generator for one in self.loaders if one.generator is not None]
            for generator, state in zip(seeded, generators, strict=True):
                generator.set_state(state)
            random.setstate(python)
            if numbers is not None:
                sys.modules["numpy"].random.set_state(numbers)
            torch.set_rng_state(drawn)
        except Exception as error:
            raise sessions.StartAgain(f"The checkpoint could not be used ({error}).") from error
        self.replaying = False
        session.history.restore(0, saved["rows"])
        session.record.set(resumed_from_epoch=self.epochs, epochs_done=self.epochs)
        session.record.note(
            "Resumed inside a PyTorch loop: model, optimizer, schedulers and random state went on from the "
            "checkpoint; what the loop itself had counted did not."
        )


LOOPS = Loops()
