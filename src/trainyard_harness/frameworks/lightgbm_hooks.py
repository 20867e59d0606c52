"""What is patched in LightGBM: `train`, which its scikit-learn interface calls too."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks.boosters import ADAPTERS, native
from trainyard_harness.frameworks.keras_state import callback_state, set_callback_state
from trainyard_harness.frameworks.rounds import Rounds, followed, named
from trainyard_harness.imports import AfterImport

_SAMPLING = ("bagging", "subsample", "feature_fraction", "colsample", "extra_trees")
_FREQUENCY = ("bagging_freq", "subsample_freq")
_INEXACT = ("goss", "dart")
"""Ways of boosting that cannot be continued exactly: such a training starts over."""


def install(imports: AfterImport) -> None:
    imports.add("lightgbm", patch)


def patch(lightgbm: ModuleType) -> None:
    wrapped = _train(lightgbm.train, lightgbm)
    for name in ("lightgbm", "lightgbm.engine", "lightgbm.sklearn"):
        if hasattr(sys.modules.get(name), "train"):
            sys.modules[name].train = wrapped  # type: ignore[attr-defined]
    native.remember(lightgbm.Dataset)
    native.predictions(lightgbm.Booster, ADAPTERS["lightgbm"])


def _train(original: Callable[..., Any], lightgbm: ModuleType) -> Callable[..., Any]:
    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        options = named(original, args, kwargs)
        if not followed(session) or options.get("init_model") is not None:
            return original(*args, **kwargs)
        params, train_set = options.pop("params", {}), options.pop("train_set", None)
        num_boost_round = int(options.pop("num_boost_round", 100))
        if session.out_of_time:
            raise sessions.OutOfTime
        alone = session.depth == 0
        if alone:
            params, num_boost_round = native.moved(session, "lightgbm", dict(params), num_boost_round)
            train_set, options = native.prepare(session, train_set, options, "valid_sets")
        params = {"deterministic": True, "force_row_wise": True, **params}
        run = Rounds(session, num_boost_round, _sampled(params))
        if any(word in map(str, params.values()) for word in _INEXACT):
            run.restarts("LightGBM with GOSS or DART")
        stopping = _early_stopping(lightgbm, params, options)
        if run.saved:
            options["init_model"] = lightgbm.Booster(model_str=run.saved["model"])
        own = _callbacks(run, params, stopping)
        options["callbacks"] = [*(options.get("callbacks") or []), *own]
        with session.inside():
            booster = original(params, train_set, num_boost_round - run.done, **options)
        if alone:
            native.fitted(session, booster, ADAPTERS["lightgbm"], train_set)
        return booster

    return train


def _early_stopping(lightgbm: ModuleType, params: dict[str, Any], options: dict[str, Any]) -> list[Any]:
    """The script's callbacks. An early stopping asked for by a parameter becomes one, so that it resumes."""
    rounds = params.get("early_stopping_round") or params.get("early_stopping_rounds")
    given = list(options.get("callbacks") or [])
    if rounds:
        for name in ("early_stopping_round", "early_stopping_rounds"):
            params.pop(name, None)
        given.append(lightgbm.early_stopping(int(rounds), verbose=False))
        options["callbacks"] = given
    return given


def _sampled(params: dict[str, Any]) -> bool:
    return any(word in name for name in params for word in _SAMPLING)


def _callbacks(run: Rounds, params: dict[str, Any], given: list[Any]) -> list[Any]:
    seed = int(params.get("seed") or params.get("random_state") or 0)
    every = next((int(params[name]) for name in _FREQUENCY if params.get(name)), 0)
    if run.saved:
        for callback, saved in zip(given, run.saved["callbacks"], strict=False):
            _restore(callback, saved)

    def before(env: Any) -> None:
        if not run.renewed(env.iteration):
            return
        if every:
            # The sampler of rows starts anew only where something about it has changed.
            env.model.reset_parameter({"bagging_freq": every + 1})
            env.model.reset_parameter({"bagging_freq": every, "bagging_seed": seed + env.iteration + 1})
        names = ("feature_fraction_seed", "extra_seed")
        env.model.reset_parameter(dict.fromkeys(names, seed + env.iteration + 1))

    def after(env: Any) -> None:
        values = {f"{one[0]}_{one[1]}": float(one[2]) for one in env.evaluation_result_list or []}
        run.after(
            env.iteration + 1,
            values,
            env.iteration + 1 >= run.total,
            lambda: {
                "model": env.model.model_to_string(),
                "callbacks": [callback_state(one) for one in given],
            },
        )

    before.before_iteration = True  # type: ignore[attr-defined]
    before.order = -100  # type: ignore[attr-defined]
    after.order = 100  # type: ignore[attr-defined]
    return [before, after]


def _restore(callback: Any, saved: dict[str, bytes]) -> None:
    """Early stopping starts from nothing at a training's first round: here it starts from what was saved."""
    if hasattr(callback, "_init"):
        callback._init = lambda _env: set_callback_state(callback, saved)
    else:
        set_callback_state(callback, saved)
