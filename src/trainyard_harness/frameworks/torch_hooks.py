"""What is patched in PyTorch, whose training is a loop of the script's own: best effort.

Loops are seen through the parts that they use: the DataLoader that is iterated while an optimizer steps is
the training data, and each of its passes an epoch; others are measured on. A restarted training runs the
script again; finished epochs draw one batch and change nothing, and then model, optimizer, schedulers and
random state are put back. What the loop itself remembers of those epochs is lost.
"""

from __future__ import annotations

import functools
import re
import sys
import time
import types
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks import torch_mistakes, torch_rebuild, torch_tensors
from trainyard_harness.frameworks.torch_data import rows_of
from trainyard_harness.frameworks.torch_loops import LOOPS
from trainyard_harness.frameworks.torch_model import TorchAdapter
from trainyard_harness.frameworks.torch_tensors import TENSORS
from trainyard_harness.holdout import split
from trainyard_harness.imports import AfterImport
from trainyard_harness.script import names_of
from trainyard_harness.seen import Fitted, Samples
from trainyard_harness.session import Session

ADAPTER = TorchAdapter()


def install(imports: AfterImport) -> None:
    imports.add("torch", patch)


def patch(torch: ModuleType) -> None:
    module, optimizer = torch.nn.Module, torch.optim.Optimizer
    module.parameters = _parameters(module.parameters)
    torch_tensors.patch(module)
    torch_rebuild.patch(torch.nn)
    optimizer.__init__ = _optimizer(optimizer.__init__)
    scheduler = torch.optim.lr_scheduler.LRScheduler
    scheduler.__init__ = _kept(scheduler.__init__, LOOPS.schedulers)
    loader = torch.utils.data.DataLoader
    loader.__init__ = _loader(loader.__init__, torch)
    loader.__iter__ = _iterate(loader.__iter__, torch)
    session = sessions.current()
    session.before_conclusion.append(_conclude)
    if not session.spec["moves"]:
        session.record.mistaken(torch_mistakes.of_loop(session))
        torch_mistakes.patch(torch.nn.functional)


def _parameters(original: Callable[..., Any]) -> Callable[..., Any]:
    """The module whose parameters were asked for last is the one that an optimizer is made for."""

    @functools.wraps(original)
    def parameters(self: Any, recurse: bool = True) -> Any:
        if not sessions.current().depth:
            LOOPS.candidate = self
        return original(self, recurse)

    return parameters


def _optimizer(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def init(self: Any, params: Any, *args: Any, **options: Any) -> None:
        original(self, params, *args, **options)
        session = sessions.current()
        if session.depth or any(one is self for one in LOOPS.optimizers):
            return
        model = LOOPS.candidate
        LOOPS.optimizers.append(self)
        _set_rate(self, session)
        if model is not None and not any(one is model for one in LOOPS.models):
            LOOPS.models.append(model)
            # Where there are loaders, they tell whose rows they are.
            TENSORS.model = model if not LOOPS.loaders else None
            if session.force_holdout and session.holdable and not LOOPS.loaders:
                TENSORS.hold_out(session)
            session.record.set(framework=ADAPTER.framework)
        self.step = types.MethodType(_step, self)

    return init


def _step(self: Any, *args: Any, **options: Any) -> Any:
    """An optimizer's step: it tells which loader trains; while epochs are replayed it changes nothing."""
    session = sessions.current()
    if session.out_of_time:
        raise sessions.OutOfTime
    if LOOPS.replaying:
        closure = args[0] if args else options.get("closure")
        return closure() if closure is not None else None
    TENSORS.stepped()
    if LOOPS.train is None and LOOPS.current is not None:
        LOOPS.train = next(place for place, one in enumerate(LOOPS.loaders) if one is LOOPS.current)
        LOOPS.epochs = 1
    return type(self).step(self, *args, **options)


def _kept(original: Callable[..., Any], kept: list[Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        if not any(one is self for one in kept):
            kept.append(self)

    return init


def _set_rate(optimizer: Any, session: Session) -> None:
    """The rate that the moves ask for, before a scheduler reads it."""
    rates = [one["args"]["learning_rate"] for one in session.spec["moves"] if one["kind"] == "learning_rate"]
    for group in optimizer.param_groups if rates else ():
        group["lr"] = rates[-1]
    rate = optimizer.param_groups[0].get("lr")
    ADAPTER.optimizer = {"class_name": type(optimizer).__name__, "config": {"learning_rate": rate}}


def _loader(original: Callable[..., Any], torch: ModuleType) -> Callable[..., Any]:
    """A script with a single loader keeps no rows apart: some are taken out of its dataset."""

    @functools.wraps(original)
    def init(self: Any, dataset: Any, *args: Any, **options: Any) -> None:
        session = sessions.current()
        try:
            ours = not session.depth or LOOPS.fits_under_way
            if ours and not options.get("sampler") and not options.get("batch_sampler"):
                dataset = _hold_out(session, dataset, bool(options.get("shuffle")), torch)
        except Exception as error:  # noqa: BLE001
            session.fault("DataLoader", error)
        original(self, dataset, *args, **options)
        if not session.depth:
            LOOPS.loaders.append(self)
            TENSORS.model = None

    return init


def _hold_out(session: Session, dataset: Any, shuffled: bool, torch: ModuleType) -> Any:
    alone = not LOOPS.loaders and session.lookahead.calls.count("DataLoader") == 1
    # Of several loaders that all turned out to hold training rows, the shuffled one is trained on.
    if not (alone or (session.force_holdout and shuffled)) or LOOPS.held_out is not None:
        return dataset
    n = len(dataset) if hasattr(dataset, "__len__") else 0
    if n < 10:
        return dataset
    kept, held, _ = split(n, session.job.holdout, session.job.seed, None, session.lookahead.ordered)
    LOOPS.held_out = torch.utils.data.Subset(dataset, held.tolist())
    session.record.note(
        f"The script holds no data out: {len(held)} of the {n} rows of its DataLoader were held out "
        f"(seed {session.job.seed})."
    )
    return torch.utils.data.Subset(dataset, kept.tolist())


def _iterate(original: Callable[..., Any], torch: ModuleType) -> Callable[..., Any]:
    @functools.wraps(original)
    def iterate(self: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(self)
        LOOPS.current = self
        LOOPS.resume(session)
        learning = torch.is_grad_enabled()
        if LOOPS.trains(self):
            if not learning:
                return original(self)
            LOOPS.begin_epoch(session)
            return iter([next(original(self))]) if LOOPS.replaying else original(self)
        known = any(one is self for one, _split, _place in LOOPS.measured_on)
        if not known and not (learning and all(one.training for one in LOOPS.models)):
            names = " ".join(names_of(self, session.trial.work)).lower()
            LOOPS.measured_on.append(
                (self, "validation" if re.search("val(?!u)|dev", names) else "test", session.place())
            )
        return original(self)

    return iterate


def _conclude(session: Session) -> None:
    """Takes in the model that was trained, with the data that it was measured on."""
    torch = sys.modules["torch"]
    if LOOPS.epochs and not LOOPS.replaying:
        session.epoch(0, LOOPS.epochs - 1, session.recent(), time.monotonic() - LOOPS._began)
    for model in LOOPS.models[-1:]:
        fitted = session.take(model, ADAPTER)
        fitted.fits += 1
        session.record.set(parameters=sum(one.numel() for one in model.parameters()))
        if remark := torch_mistakes.of_evaluation(session, model):
            session.record.note(remark)
        TENSORS.conclude(session, fitted)
        for loader in LOOPS.loaders[LOOPS.train : LOOPS.train + 1] if LOOPS.train is not None else []:
            prints = rows_of(loader)
            fitted.trained_on += [prints] if prints is not None else []
            fitted.trained_objects += [loader, loader.dataset]
        for loader, part, place in LOOPS.measured_on:
            _measured(session, fitted, loader, part, place)
        if LOOPS.held_out is not None and not fitted.tests:
            loader = torch.utils.data.DataLoader(LOOPS.held_out, batch_size=128)
            fitted.tests.append(Samples(loader, None, "held-out", "harness", None))


def _measured(session: Session, fitted: Fitted, loader: Any, part: str, place: str | None) -> None:
    """One loader that the script went through without training on it."""
    samples = Samples(loader, None, part, "DataLoader", place, prints=rows_of(loader), fits=fitted.fits)
    if session.split_of(fitted, loader, samples.prints) == "train":
        session.measured_training = True
        return
    samples.values = {
        one["name"]: one["value"]
        for one in session.record.metrics
        if one["split"] == part and one["origin"] == "printed line"
    }
    if part == "test":
        fitted.tests.append(samples)
    else:
        fitted.validation = samples
