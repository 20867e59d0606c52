"""What is patched in XGBoost: `train`, which its scikit-learn interface calls too, and its rounds."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks.boosters import ADAPTERS, native
from trainyard_harness.frameworks.keras_state import callback_state, set_callback_state
from trainyard_harness.frameworks.rounds import Rounds, followed, named
from trainyard_harness.imports import AfterImport

_runs: list[Rounds] = []


def install(imports: AfterImport) -> None:
    imports.add("xgboost", patch)


def patch(xgboost: ModuleType) -> None:
    wrapped = _train(xgboost.train, xgboost)
    for name in ("xgboost", "xgboost.training", "xgboost.sklearn"):
        if hasattr(sys.modules.get(name), "train"):
            sys.modules[name].train = wrapped  # type: ignore[attr-defined]
    _patch_container(xgboost.callback.CallbackContainer)
    _patch_update(xgboost.Booster)
    for kind in (xgboost.DMatrix, xgboost.QuantileDMatrix):
        native.remember(kind)
    native.predictions(xgboost.Booster, ADAPTERS["xgboost"])


def _train(original: Callable[..., Any], xgboost: ModuleType) -> Callable[..., Any]:
    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        options = named(original, args, kwargs)
        params, dtrain = dict(options.pop("params", {})), options.pop("dtrain", None)
        if not followed(session) or options.get("xgb_model") is not None:
            return original(*args, **kwargs)
        num_boost_round = int(options.pop("num_boost_round", 10))
        if session.out_of_time:
            raise sessions.OutOfTime
        alone = session.depth == 0
        if alone:
            params, num_boost_round = native.moved(session, "xgboost", params, num_boost_round)
            dtrain, options = native.prepare(session, dtrain, options, "evals")
        run = Rounds(session, num_boost_round, sampled=_sampled(params))
        if run.sampled:
            params["seed_per_iteration"] = True
        if params.get("booster") == "dart":
            run.restarts("XGBoost with DART")
        if run.saved:
            options["xgb_model"] = xgboost.Booster(model_file=bytearray(run.saved["model"]))
        _runs.append(run)
        try:
            with session.inside():
                booster = original(params, dtrain, num_boost_round - run.done, **options)
        finally:
            _runs.remove(run)
        if alone:
            native.fitted(session, booster, ADAPTERS["xgboost"], dtrain)
        return booster

    return train


def _patch_container(container: Any) -> None:
    """A resumed training counts its rounds from 0; everybody is told the whole count."""
    before, each, after = container.before_training, container.before_iteration, container.after_iteration

    @functools.wraps(before)
    def before_training(self: Any, model: Any) -> Any:
        model = before(self, model)
        run = _runs[-1] if _runs and not self.is_cv else None
        if run is not None and run.saved:
            self.history.update(run.saved["history"])
            for callback, saved in zip(self.callbacks, run.saved["callbacks"], strict=False):
                set_callback_state(callback, saved)
        return model

    @functools.wraps(each)
    def before_iteration(self: Any, model: Any, epoch: int, *rest: Any) -> Any:
        epoch += _runs[-1].done if _runs else 0
        if _runs and not self.is_cv and _runs[-1].renewed(epoch):
            _renew(model)
        return each(self, model, epoch, *rest)

    @functools.wraps(after)
    def after_iteration(self: Any, model: Any, epoch: int, *rest: Any) -> Any:
        if not _runs or self.is_cv:
            return after(self, model, epoch, *rest)
        run = _runs[-1]
        epoch += run.done
        stop = after(self, model, epoch, *rest)
        values = {
            f"{data}_{name}": float(log[-1])
            for data, logs in self.history.items()
            for name, log in logs.items()
        }
        run.after(
            epoch + 1,
            values,
            stop or epoch + 1 >= run.total,
            lambda: {
                "model": bytes(model.save_raw("ubj")),
                "history": self.history,
                "callbacks": [callback_state(one) for one in self.callbacks],
                "stop": stop,
            },
        )
        return stop or run.session.out_of_time

    container.before_training = before_training
    container.before_iteration = before_iteration
    container.after_iteration = after_iteration


def _sampled(params: dict[str, Any]) -> bool:
    names = [name for name in params if name == "subsample" or name.startswith("colsample")]
    return any(params[name] is not None and float(params[name]) < 1 for name in names)


def _renew(booster: Any) -> None:
    """Makes the tree updaters anew, with their samplers; what they have computed so far stays.

    XGBoost does so where the list of updaters has changed: it is changed, and changed back.
    """
    known = json.loads(booster.save_config())["learner"]["gradient_booster"].get("updater") or []
    names = ",".join(one["name"] if isinstance(one, dict) else one for one in known)
    for wanted in ("grow_colmaker" if names != "grow_colmaker" else "grow_quantile_histmaker", names):
        booster.set_param({"updater": wanted})
        booster.save_config()


def _patch_update(booster: Any) -> None:
    original = booster.update

    @functools.wraps(original)
    def update(self: Any, dtrain: Any, iteration: int, fobj: Any = None) -> Any:
        return original(self, dtrain, iteration + (_runs[-1].done if _runs else 0), fobj)

    booster.update = update
