"""What is patched in Keras 2 and 3: Model.fit, evaluate, predict, save, and the CallbackList."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks import (
    keras2_names,
    keras_ahead,
    keras_fit,
    keras_loops,
    keras_places,
    keras_rebuild,
)
from trainyard_harness.frameworks.keras_model import KerasAdapter
from trainyard_harness.frameworks.keras_run import FitRun
from trainyard_harness.imports import AfterImport

ADAPTER = KerasAdapter()
_runs: list[FitRun] = []
"""The fits under way, innermost last."""


def install(imports: AfterImport) -> None:
    imports.add("keras", patch)
    imports.add("tf_keras", patch)


def patch(keras: ModuleType) -> None:
    """Patches one Keras (2 or 3). Every patch falls back to the original on a fault of its own."""
    if keras.__version__.startswith("2."):
        keras2_names.add(keras)
        # Dropout and the like keep their random state in variables then, which a checkpoint can hold.
        _backend(keras).enable_tf_random_generator()
    model = keras.Model
    own_fit = (
        model.fit if keras.__version__.startswith("2.") else keras_ahead.fit(model.fit, model.train_step)
    )
    model.fit = _fit(own_fit)
    model.train_on_batch = keras_loops.train_on_batch(model.train_on_batch, ADAPTER)
    model.evaluate = _evaluate(model.evaluate)
    model.predict = _predict(model.predict)
    model.save = _save(model.save)
    keras_places.patch(model, keras.layers.Layer)
    keras_rebuild.patch(keras)
    _patch_callbacks(keras.callbacks.CallbackList)


def _backend(keras: ModuleType) -> Any:
    """The module of Keras 2 that holds its random switch: public only as `tf.keras.backend.experimental`."""
    for name in (f"{keras.__name__}.backend", f"{keras.__name__}.src.backend"):
        module = importlib.import_module(name)
        if hasattr(module, "enable_tf_random_generator"):
            return module
    raise AttributeError("enable_tf_random_generator")


def _fit(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(model, *args, **kwargs)
        if session.out_of_time:
            raise sessions.OutOfTime
        run = None
        try:
            if "nb_epoch" in kwargs:  # its name until Keras 2.3
                kwargs["epochs"] = kwargs.pop("nb_epoch")
            try:
                bound = signature.bind(model, *args, **kwargs).arguments
            except TypeError:  # the script's own mistake: let Keras say it
                return original(model, *args, **kwargs)
            arguments = {**bound.pop("kwargs", {}), **bound}
            arguments.pop(next(iter(signature.parameters)))
            with session.inside():
                arguments, run = keras_fit.prepare(session, ADAPTER, model, arguments, session.place())
        except Exception as error:  # noqa: BLE001
            session.fault("fit", error)
        if run is None:
            with session.inside():
                return original(model, *args, **kwargs)
        _runs.append(run)
        session.stoppable += 1
        try:
            with session.inside():
                return original(model, **arguments)
        finally:
            session.stoppable -= 1
            _runs.remove(run)
            keras_fit.finish(session, model)

    return fit


def _evaluate(original: Callable[..., Any]) -> Callable[..., Any]:
    """The script's own measurements: which data, which numbers."""
    signature = inspect.signature(original)

    @functools.wraps(original)
    def evaluate(model: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(model, *args, **kwargs)
        with session.inside():
            result = original(model, *args, **kwargs)
        try:
            fitted = session.take(model, ADAPTER)
            given = signature.bind(model, *args, **kwargs).arguments
            names = list(getattr(model, "metrics_names", None) or ["loss"])
            flat = list(result.items()) if isinstance(result, dict) else _named(names, result, model)
            numbers = {keras_fit.plain_name(name): float(value) for name, value in flat}
            session.measured(
                fitted, given.get("x"), given.get("y"), numbers, "evaluate", session.place(),
                steps=given.get("steps"),
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001
            session.fault("evaluate", error)
        return result

    return evaluate


def _named(names: list[str], result: Any, model: Any) -> list[tuple[str, Any]]:
    values = list(result) if isinstance(result, list | tuple) else [result]
    if len(names) != len(values) or "compile_metrics" in names:
        # Keras 3 hides the compiled metrics behind one name; the last results carry theirs. It gives those
        # of its own trackers (the losses) first and the others by the alphabet.
        known, own = list(model.get_metrics_result()), [one.name for one in model.metrics]
        names = [one for one in own if one in known] + sorted(one for one in known if one not in own)
    return list(zip(names, values, strict=False))


def _predict(original: Callable[..., Any]) -> Callable[..., Any]:
    """Remembers which rows a prediction is of, so that a metric computed from it finds its data."""

    @functools.wraps(original)
    def predict(model: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(model, *args, **kwargs)
        with session.inside():
            result = original(model, *args, **kwargs)
        try:
            fitted = session.of(model)
            x = args[0] if args else kwargs.get("x")
            if fitted is not None:
                session.predicted(fitted, x, result)
        except Exception as error:  # noqa: BLE001
            session.fault("predict", error)
        return result

    return predict


def _save(original: Callable[..., Any]) -> Callable[..., Any]:
    """A model that the script saves is the one it means, where it fitted several."""

    @functools.wraps(original)
    def save(model: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        fitted = session.of(model)
        if fitted is not None and not session.depth:
            fitted.saved = True
        return original(model, *args, **kwargs)

    return save


def _patch_callbacks(callback_list: Any) -> None:
    """Keras' loop tells the CallbackList of each step: our place to checkpoint, replay and stop."""

    def run_of(callbacks: Any) -> FitRun | None:
        return _runs[-1] if _runs and _runs[-1].callbacks is callbacks and not _runs[-1].failed else None

    def guarded(run: FitRun, step: Callable[..., Any], *args: Any) -> Any:
        try:
            return step(*args)
        except Exception as error:
            if run.replaying:
                # Half a replay is not a training: nothing may go on from it.
                raise sessions.StartAgain(f"The checkpoint could not be used ({error}).") from error
            run.failed = True
            run.session.fault("training step", error)
            return True

    def around(name: str, before: str | None, after: str | None) -> None:
        original = getattr(callback_list, name)

        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            run = run_of(self)
            if run is None:
                return original(self, *args, **kwargs)
            tell = guarded(run, getattr(run, before), *args[:2]) if before else not run.replaying
            result = original(self, *args, **kwargs) if tell else None
            if tell and after is not None:
                guarded(run, getattr(run, after), *args[:2])
            return result

        setattr(callback_list, name, method)

    around("on_epoch_begin", "epoch_begin", None)
    around("on_train_batch_begin", None, None)
    for name in ("begin", "batch_begin", "batch_end", "end"):
        around(f"on_test_{name}", None, None)
    around("on_epoch_end", "epoch_end", "epoch_ended")
    _around_steps(callback_list, run_of, guarded)
    _around_training(callback_list, run_of, guarded)


def _around_steps(callback_list: Any, run_of: Any, guarded: Any) -> None:
    original = callback_list.on_train_batch_end

    @functools.wraps(original)
    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> Any:
        run = run_of(self)
        if run is None:
            return original(self, batch, logs)
        if run.replaying:
            return guarded(run, run.replayed, batch)
        # After the callbacks: what they change belongs to the checkpoint of this step.
        result = original(self, batch, logs)
        guarded(run, run.trained, batch)
        return result

    callback_list.on_train_batch_end = on_train_batch_end


def _around_training(callback_list: Any, run_of: Any, guarded: Any) -> None:
    begin, end = callback_list.on_train_begin, callback_list.on_train_end

    @functools.wraps(begin)
    def on_train_begin(self: Any, logs: Any = None) -> Any:
        result = begin(self, logs)
        if _runs and _runs[-1].callbacks is None:
            guarded(_runs[-1], _runs[-1].train_begin, self)
        return result

    @functools.wraps(end)
    def on_train_end(self: Any, logs: Any = None) -> Any:
        run = run_of(self)
        result = end(self, logs)
        if run is not None:
            guarded(run, run.train_ended)
        return result

    callback_list.on_train_begin = on_train_begin
    callback_list.on_train_end = on_train_end
