"""What is patched in Lightning, by either of its import names: Trainer.fit, validate and test."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks import lightning_steps
from trainyard_harness.frameworks.lightning_run import FitRun, callback_class, epoch_numbers, listed
from trainyard_harness.frameworks.torch_data import rows_of
from trainyard_harness.frameworks.torch_loops import LOOPS
from trainyard_harness.frameworks.torch_model import TorchAdapter
from trainyard_harness.imports import AfterImport
from trainyard_harness.numbers import plain_metric
from trainyard_harness.seen import Samples
from trainyard_harness.session import Session


class LightningAdapter(TorchAdapter):
    """See trainyard_harness.session.Adapter."""

    framework = "lightning"

    def network(self, model: Any) -> Any:
        """What is called for a prediction: the module, or the one network in it where it has no `forward`."""
        if any("forward" in kind.__dict__ for kind in type(model).__mro__ if _is_the_scripts(kind)):
            return model
        inside = [one for one in model.children() if any(True for _ in one.parameters())]
        return inside[0] if len(inside) == 1 else model


def _is_the_scripts(kind: type) -> bool:
    return kind.__module__.split(".")[0] not in {"lightning", "pytorch_lightning", "torch", "builtins"}


ADAPTER = LightningAdapter()


def install(imports: AfterImport) -> None:
    imports.add("lightning.pytorch.trainer.trainer", patch)
    imports.add("pytorch_lightning.trainer.trainer", patch)


def patch(module: ModuleType) -> None:
    trainer = module.Trainer
    callbacks = sys.modules[f"{module.__name__.removesuffix('.trainer.trainer')}.callbacks"]
    trainer.fit = _fit(trainer.fit, callback_class(callbacks.Callback))
    trainer.validate = _measure(trainer.validate, "validate")
    trainer.test = _measure(trainer.test, "test")
    sessions.current().before_conclusion.append(_conclude)


def _fit(original: Callable[..., Any], callback: type) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(trainer: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(trainer, *args, **kwargs)
        if session.out_of_time:
            raise sessions.OutOfTime
        try:
            given = dict(signature.bind(trainer, *args, **kwargs).arguments)
        except TypeError:  # the script's own mistake: let Lightning say it
            return original(trainer, *args, **kwargs)
        run = FitRun(session, session.next_fit())
        place = session.place()
        session.plan_epochs(max(0, trainer.max_epochs or 0))
        if run.saved is not None:
            given["ckpt_path"] = run.checkpoint_file()
            if "weights_only" in signature.parameters:
                given["weights_only"] = False
        watch = callback(run)
        trainer.callbacks.append(watch)
        # The time's end is ours to say: Lightning would leave in the middle of everything.
        trainer._signal_connector._sigterm_notifier_fn = lambda *_: None
        session.stoppable += 1
        apart = _keeps_apart(session, given)
        LOOPS.fits_under_way += not apart
        try:
            with session.inside(), lightning_steps.followed(trainer, run):
                return original(**given)
        finally:
            LOOPS.fits_under_way -= not apart
            session.stoppable -= 1
            trainer.callbacks.remove(watch)
            _fitted(session, trainer, given["model"], place)

    return fit


def _keeps_apart(session: Session, given: dict[str, Any]) -> bool:
    """Whether the script has validation or test data of its own, as far as it can be seen before the fit."""
    if given.get("val_dataloaders") is not None or {"test", "validate"} & set(session.lookahead.calls):
        return True
    owners = (given["model"], given.get("datamodule"), given.get("train_dataloaders"))
    return any(
        "val_dataloader" in kind.__dict__
        for one in owners
        for kind in type(one).__mro__
        if _is_the_scripts(kind)
    )


def _fitted(session: Session, trainer: Any, model: Any, place: str | None) -> None:
    """After a fit, however it ended: the model, and the data that it met."""
    try:
        fitted = session.take(model, ADAPTER)
        fitted.fits += 1
        session.record.set(
            framework=ADAPTER.framework, parameters=sum(one.numel() for one in model.parameters())
        )
        for loader in listed(trainer.train_dataloader):
            prints = rows_of(loader)
            if prints is not None:
                fitted.trained_on.append(prints)
            fitted.trained_objects += [loader, loader.dataset]
            fitted.training = {"epochs": trainer.current_epoch, "batch_size": loader.batch_size,
                               "n_train": len(prints.rows) if prints else None}  # fmt: skip
        for loader in listed(trainer.val_dataloaders)[:1]:
            samples = Samples(loader, None, "validation", "val_dataloaders", place, prints=rows_of(loader))
            if session.split_of(fitted, loader, samples.prints) == "train":
                session.record.note("The validation data is the training data: its numbers do not count.")
                continue
            values = epoch_numbers(trainer)
            samples.values = {name[4:]: one for name, one in values.items() if name.startswith("val_")}
            samples.fits = fitted.fits
            for name, value in samples.values.items():
                session.record.add(
                    name, value, split="validation", origin=samples.origin, place=place,
                    n=samples.prints.n if samples.prints else None,
                )  # fmt: skip
            fitted.validation = samples
    except Exception as error:  # noqa: BLE001
        session.fault("after fit", error)


def _conclude(session: Session) -> None:
    """Where the script kept nothing apart: the rows that were taken out of its DataLoader."""
    for fitted in [one for one in session.fitted if one.adapter is ADAPTER]:
        if LOOPS.held_out is not None and fitted.validation is None and not fitted.tests:
            loader = sys.modules["torch"].utils.data.DataLoader(LOOPS.held_out, batch_size=128)
            fitted.tests.append(Samples(loader, None, "held-out", "harness", None, prints=rows_of(loader)))


def _measure(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The script's own measurements: `validate` and `test` give the same, on loaders of their own."""

    @functools.wraps(original)
    def measure(trainer: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(trainer, *args, **kwargs)
        place = session.place()
        with session.inside():
            result = original(trainer, *args, **kwargs)
        try:
            fitted = session.take(trainer.lightning_module, ADAPTER)
            loaders = listed(trainer.test_dataloaders if name == "test" else trainer.val_dataloaders)
            for loader, values in zip(loaders, result or [], strict=False):
                found = [plain_metric(one, float(value)) for one, value in values.items()]
                session.measured(
                    fitted, loader, None, {called: value for called, value, _split in found},
                    f"Trainer.{name}", place, rows_of(loader),
                )  # fmt: skip
        except Exception as error:  # noqa: BLE001
            session.fault(name, error)
        return result

    return measure
