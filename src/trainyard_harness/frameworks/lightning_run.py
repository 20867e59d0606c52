"""One `Trainer.fit` of Lightning, made resumable: checkpoints as each epoch begins, and between its steps.

As an epoch begins everything of the one before is done (validation, schedulers, the script's own callbacks)
and nothing of the next is drawn. Lightning's own checkpoint holds the module, optimizers and loops. Beside it
stands what it leaves out: random state, attributes of the module and of callbacks, states of torchmetrics,
files of ModelCheckpoint, which scripts load their best model from. What the middle of an epoch needs besides
is in `lightning_steps`.
"""

from __future__ import annotations

import io
import pickle
import random
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks import lightning_steps
from trainyard_harness.frameworks.keras_run import BEST_LIMIT, best_is_high, monitored
from trainyard_harness.frameworks.keras_state import LARGEST_FILE, callback_state, set_callback_state
from trainyard_harness.numbers import plain_metric
from trainyard_harness.session import Session

Drawn = tuple[Any, Any, Any, list[Any]]
_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set)


class FitRun:
    """The part of a fit's callback that knows nothing of Lightning's classes.

    Args:
        session: the training that this is a part of.
        number: which `fit` of the script, counted from 0.
    """

    def __init__(self, session: Session, number: int) -> None:
        self.session = session
        self.number = number
        found = session.store.newest(number)
        self.saved: dict[str, Any] | None = found[0] if found else None
        self.best: dict[str, Any] | None = None
        self._began = time.monotonic()
        self._drawn_from: Drawn | None = None

    def checkpoint_file(self) -> str | None:
        """Lightning's part of the newest checkpoint, as the file that `ckpt_path` wants."""
        if self.saved is None:
            return None
        # Of its middle, Lightning warns that the loader cannot go on with it: it does here.
        warnings.filterwarnings("ignore", message="You're resuming from a checkpoint that ended before")
        path = self.session.trial.checkpoint / ".lightning.ckpt"
        path.write_bytes(self.saved["lightning"])
        for name, content in self.saved["files"].items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(content)
        return str(path)

    def epoch_begins(self, trainer: Any, module: Any) -> None:
        if self.saved is not None:
            self._restore(trainer, module)
            lightning_steps.begin_epoch(trainer)
        elif trainer.current_epoch and not self.session.out_of_time and self.session.store.affordable():
            self._write(trainer, module, None)
        self._began = time.monotonic()

    def steps_begin(self, trainer: Any, fetcher: Any) -> bool:
        """Before the first batch of an epoch is drawn; whether the epoch goes on from its middle."""
        middle = self.saved["middle"] if self.saved is not None else None
        if middle is None:
            self._drawn_from = _drawn(trainer)
            return False
        saved = self.saved or {}
        self._restore(trainer, trainer.lightning_module)
        self._drawn_from = middle["drawn_from"]
        try:
            _draw_from(middle["drawn_from"], trainer)
            lightning_steps.go_on(trainer, fetcher, middle)
            _draw_from(saved["drawn"], trainer)
        except Exception as error:
            raise sessions.StartAgain(f"The checkpoint could not be used ({error}).") from error
        self._began = time.monotonic()
        return True

    def step_ended(self, trainer: Any, fetcher: Any) -> None:
        """After a step and whatever follows it: a checkpoint, where one is due inside an epoch."""
        if self.session.out_of_time or not self.session.store.due():
            return
        if lightning_steps.between(trainer, fetcher):
            middle = {**lightning_steps.state(trainer), "drawn_from": self._drawn_from}
            self._write(trainer, trainer.lightning_module, middle)

    def _write(self, trainer: Any, module: Any, middle: dict[str, Any] | None) -> None:
        number = trainer.current_epoch * 10**6 + (middle["step"] if middle else 0)
        try:
            self.session.store.write(
                self.number, number, lambda: ({**self._state(trainer, module), "middle": middle}, [])
            )
        except Exception as error:  # noqa: BLE001  no checkpoint is better than no training
            self.session.fault("checkpoint", error)

    def epoch_ends(self, trainer: Any, module: Any) -> None:
        values = epoch_numbers(trainer)
        self._remember_best(module, values, trainer.current_epoch)
        self.session.epoch(self.number, trainer.current_epoch, values, time.monotonic() - self._began)

    def training_ends(self, module: Any) -> None:
        if self.session.out_of_time and self.best is not None:
            module.load_state_dict(self.best["state"])
            self.session.record.note(
                f"Fit {self.number + 1}: the weights of its best epoch, {self.best['epoch'] + 1} "
                f"({self.best['name']} {self.best['value']:.4f}), were put back."
            )

    def _remember_best(self, module: Any, values: dict[str, float], epoch: int) -> None:
        name = monitored(values)
        if name is None or sum(one.numel() for one in module.parameters()) * 4 > BEST_LIMIT:
            return
        value, known = values[name], self.best
        if known is None or (value > known["value"] if best_is_high(name) else value < known["value"]):
            state = {key: one.detach().clone() for key, one in module.state_dict().items()}
            self.best = {"name": name, "value": value, "epoch": epoch, "state": state}

    def _state(self, trainer: Any, module: Any) -> dict[str, Any]:
        torch = sys.modules["torch"]
        held, best = io.BytesIO(), io.BytesIO()
        torch.save(trainer._checkpoint_connector.dump_checkpoint(weights_only=False), held)
        torch.save(self.best, best)
        return {
            "lightning": held.getvalue(),
            "best": best.getvalue(),
            "epoch": trainer.current_epoch,
            "drawn": _drawn(trainer),
            "module": _attributes(module),
            "metrics": [pickle.dumps(_metric_state(one)) for one in _metrics(module)],
            "callbacks": [callback_state(one) for one in _foreign(trainer.callbacks)],
            "files": _files(trainer.checkpoint_callbacks),
            "rows": self.session.history.of(self.number),
        }

    def _restore(self, trainer: Any, module: Any) -> None:
        saved, self.saved = self.saved or {}, None
        torch = sys.modules["torch"]
        try:
            self.best = torch.load(io.BytesIO(saved["best"]), weights_only=False)
            for name, value in saved["module"].items():
                setattr(module, name, pickle.loads(value))  # noqa: S301  own file, read inside the sandbox
            for metric, value in zip(_metrics(module), saved["metrics"], strict=True):
                vars(metric).update(pickle.loads(value))  # noqa: S301
            for callback, state in zip(_foreign(trainer.callbacks), saved["callbacks"], strict=True):
                set_callback_state(callback, state)
            _draw_from(saved["drawn"], trainer)
        except Exception as error:
            raise sessions.StartAgain(f"The checkpoint could not be used ({error}).") from error
        self.session.history.restore(self.number, saved["rows"])
        self.session.record.set(resumed_from_epoch=saved["epoch"], epochs_done=len(self.session.history.rows))


def callback_class(base: type) -> type:
    """A callback of one Lightning package (there are two import names, with a class each) around a FitRun."""

    class Trainyard(base):  # type: ignore[misc]
        def __init__(self, run: FitRun) -> None:
            self.run = run

        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            self.run.epoch_begins(trainer, module)

        def on_train_batch_end(self, trainer: Any, *_rest: Any) -> None:
            if self.run.session.out_of_time:
                trainer.should_stop = True

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            self.run.epoch_ends(trainer, module)

        def on_train_end(self, trainer: Any, module: Any) -> None:
            self.run.training_ends(module)

    return Trainyard


def epoch_numbers(trainer: Any) -> dict[str, float]:
    """What the script has logged, by plain names with `val_` for validation data."""
    found = {}
    for name, value in trainer.callback_metrics.items():
        called, number, split = plain_metric(name, float(value))
        found[f"val_{called}" if split == "validation" else called] = number
    return found


def _attributes(module: Any) -> dict[str, bytes]:
    """What the script itself counts and collects on its module: no tensors, no parts of Lightning's."""
    found = {}
    for name, value in vars(module).items():
        if not name.startswith("_") and type(value) in _PLAIN:
            try:
                found[name] = pickle.dumps(value)
            except Exception:  # noqa: BLE001, S112  a list of what cannot be pickled
                continue
    return found


def _metrics(module: Any) -> list[Any]:
    """The torchmetrics of a module: their states are in no state dict."""
    return [one for one in module.modules() if hasattr(one, "_defaults") and hasattr(one, "_update_count")]


def _metric_state(metric: Any) -> dict[str, Any]:
    names = [*metric._defaults, "_update_count", "_computed"]
    return {name: vars(metric)[name] for name in names if name in vars(metric)}


def _foreign(callbacks: Iterable[Any]) -> list[Any]:
    """The script's own callbacks: Lightning's keep their state in its checkpoint."""
    ours = ("lightning.", "pytorch_lightning.", __name__)
    return [one for one in callbacks if not type(one).__module__.startswith(ours)]


def _drawn(trainer: Any) -> Drawn:
    """Random state, and that of the loaders' own generators."""
    torch, numpy = sys.modules["torch"], sys.modules["numpy"]
    drawn = (torch.get_rng_state(), random.getstate(), numpy.random.get_state())
    return (*drawn, [one.get_state() for one in _generators(trainer)])


def _draw_from(state: Drawn, trainer: Any) -> None:
    drawn, python, numbers, generators = state
    for generator, own in zip(_generators(trainer), generators, strict=True):
        generator.set_state(own)
    sys.modules["torch"].set_rng_state(drawn)
    random.setstate(python)
    sys.modules["numpy"].random.set_state(numbers)


def _generators(trainer: Any) -> list[Any]:
    loaders = [*listed(trainer.train_dataloader), *listed(trainer.val_dataloaders)]
    found = [getattr(one, "generator", None) for one in loaders]
    found += [getattr(getattr(one, "sampler", None), "generator", None) for one in loaders]
    return list({id(one): one for one in found if one is not None}.values())


def listed(loaders: Any) -> list[Any]:
    """The loaders of a trainer, which may be one, a list or a dict of them, or none."""
    if loaders is None:
        return []
    if isinstance(loaders, dict):
        loaders = list(loaders.values())
    return list(loaders) if isinstance(loaders, list | tuple) else [loaders]


def _files(checkpoints: list[Any]) -> dict[str, bytes]:
    """What ModelCheckpoint has written: the working folder is made anew on a restart."""
    found: dict[str, bytes] = {}
    for one in checkpoints:
        for name in {one.best_model_path, one.last_model_path, *one.best_k_models}:
            path = Path(name)
            if name and path.is_file() and path.stat().st_size <= LARGEST_FILE:
                found[str(path)] = path.read_bytes()
    return found
