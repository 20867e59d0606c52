"""Boosters of the libraries' own interfaces (`xgb.train`, `lgb.train`): their data, predictions and files."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.data import count, fingerprint, take
from trainyard_harness.facts import data_facts
from trainyard_harness.frameworks.keras_model import judged
from trainyard_harness.holdout import split
from trainyard_harness.seen import Adapter, Fitted, Samples
from trainyard_harness.session import Session


class XGBoostAdapter:
    """See trainyard_harness.session.Adapter."""

    framework = "xgboost"

    def outcome(self, model: Any, samples: Samples) -> dict[str, Any]:
        import numpy as np

        objective = json.loads(model.save_config())["learner"]["objective"]["name"]
        return _judged(objective, self.predict(model, samples.x), np.asarray(samples.y))

    def predict(self, model: Any, x: Any) -> Any:
        xgboost = sys.modules["xgboost"]
        return model.predict(x if isinstance(x, xgboost.DMatrix) else xgboost.DMatrix(x))

    def save(self, model: Any, session: Session) -> str | None:
        path = _folder(session) / "model.ubj"
        model.save_model(path)
        return path.relative_to(session.trial.folder).as_posix()

    def describe(self, model: Any) -> dict[str, Any]:
        learner = json.loads(model.save_config())["learner"]
        return _described("xgboost.Booster", {**learner, **asked_of(model)})


class LightGBMAdapter:
    """See trainyard_harness.session.Adapter."""

    framework = "lightgbm"

    def outcome(self, model: Any, samples: Samples) -> dict[str, Any]:
        import numpy as np

        objective = str(model.params.get("objective", ""))
        return _judged(objective, self.predict(model, samples.x), np.asarray(samples.y))

    def predict(self, model: Any, x: Any) -> Any:
        return model.predict(x)

    def save(self, model: Any, session: Session) -> str | None:
        path = _folder(session) / "model.lightgbm.txt"
        model.save_model(path)
        return path.relative_to(session.trial.folder).as_posix()

    def describe(self, model: Any) -> dict[str, Any]:
        return _described("lightgbm.Booster", {**model.params, **asked_of(model)})


DEFAULTS: dict[str, dict[str, Any]] = {
    "xgboost": {"learning_rate": 0.3, "max_depth": 6, "subsample": 1.0, "colsample_bytree": 1.0},
    "lightgbm": {"learning_rate": 0.1, "max_depth": -1, "num_leaves": 31, "min_data_in_leaf": 20},
}
"""What the libraries take for the parameters that moves set, where a script says nothing."""
ALIASES = {
    "eta": "learning_rate",
    "shrinkage_rate": "learning_rate",
    "max_leaves": "num_leaves",
    "min_child_samples": "min_data_in_leaf",
    **dict.fromkeys(("num_iterations", "num_iteration", "n_estimators", "num_rounds"), "num_boost_round"),
}
"""Other names of those parameters."""


def asked_of(model: Any) -> dict[str, Any]:
    """The parameters that a booster was trained with, by their common names; `num_boost_round` among them."""
    return getattr(model, "_trainyard", {})


ADAPTERS: dict[str, Adapter] = {"xgboost": XGBoostAdapter(), "lightgbm": LightGBMAdapter()}


def load(folder: Path) -> tuple[Any, Adapter] | None:
    """The booster saved in `folder`, and its adapter; None where there is none."""
    if (folder / "model.ubj").exists():
        xgboost = __import__("xgboost")
        return xgboost.Booster(model_file=folder / "model.ubj"), ADAPTERS["xgboost"]
    if (folder / "model.lightgbm.txt").exists():
        lightgbm = __import__("lightgbm")
        return lightgbm.Booster(model_file=folder / "model.lightgbm.txt"), ADAPTERS["lightgbm"]
    return None


def _folder(session: Session) -> Path:
    session.trial.model.mkdir(parents=True, exist_ok=True)
    return session.trial.model


def _described(name: str, params: dict[str, Any]) -> dict[str, Any]:
    from trainyard_harness.files import plain

    estimator = {"class": name, "params": plain(params), "steps": []}
    return {
        "schema": 1, "kind": "estimator", "layers": [], "config": None, "compile": None, "parameters": None,
        "estimator": estimator,
    }  # fmt: skip


def _judged(objective: str, scores: Any, truth: Any) -> dict[str, Any]:
    if objective in {"multi:softmax", "binary:hinge"}:
        return {
            "task": "classification",
            "truth": truth,
            "predicted": scores,
            "scores": None,
            "kind": "labels",
        }
    discrete = ("binary", "multi", "cross_entropy", "ova")
    task = "classification" if any(word in objective for word in discrete) else "regression"
    return judged(task, scores, truth, "logitraw" in objective)


class _Native:
    """Follows data through the libraries' own data classes."""

    def remember(self, kind: Any) -> None:
        """Keeps what a DMatrix or Dataset was made of: it cannot be read back from it."""
        original = kind.__init__

        @functools.wraps(original)
        def init(made: Any, data: Any = None, label: Any = None, *args: Any, **options: Any) -> None:
            with sessions.current().inside():
                original(made, data, label, *args, **options)
            if not sessions.current().depth:
                made._trainyard = (data, label)

        kind.__init__ = init

    def predictions(self, booster: Any, adapter: Adapter) -> None:
        """The script's own predictions, so that what it computes from them finds its rows."""
        original = booster.predict

        @functools.wraps(original)
        def predict(model: Any, data: Any, *args: Any, **options: Any) -> Any:
            session = sessions.current()
            if session.depth:
                return original(model, data, *args, **options)
            with session.inside():
                result = original(model, data, *args, **options)
            known = session.of(model)
            if known is not None:
                try:
                    session.predicted(known, _made_of(data)[0], result)
                except Exception as error:  # noqa: BLE001
                    session.fault("predict", error)
            return result

        booster.predict = predict

    def prepare(
        self, session: Session, data: Any, options: dict[str, Any], key: str
    ) -> tuple[Any, dict[str, Any]]:
        """Holds rows out of the training data where the script keeps none apart, and passes none to watch."""
        x, y = _made_of(data)
        self.validation: Samples | None = None
        self.held_out: Samples | None = None
        self.trained = (x, y)
        watched = options.get(key) or []
        for one in watched if isinstance(watched, list | tuple) else [watched]:
            other = one[0] if isinstance(one, tuple) else one
            if other is not data and _made_of(other)[0] is not None:
                self.validation = Samples(*_made_of(other), "validation", key, session.place())
                self.validation.prints = fingerprint(self.validation.x)
        n = count(x)
        if self.validation or n is None or y is None or n < 10:
            return data, options
        if session.expects_test(x, y) and not session.force_holdout:
            return data, options
        kept, held, stratified = split(n, session.job.holdout, session.job.seed, y, session.lookahead.ordered)
        with session.inside():
            fewer = data.slice(kept) if hasattr(data, "slice") else type(data)(take(x, kept), take(y, kept))
        self.trained = (take(x, kept), take(y, kept))
        self.held_out = Samples(
            take(x, held), take(y, held), "held-out", "harness", session.place(), index=held,
            options={"stratified": stratified},
        )  # fmt: skip
        self.held_out.prints = fingerprint(self.held_out.x)
        session.record.note(
            f"The script holds no data out: {len(held)} of {n} rows were held out (seed {session.job.seed})."
        )
        return fewer, options

    def moved(
        self, session: Session, library: str, params: dict[str, Any], rounds: int
    ) -> tuple[dict[str, Any], int]:
        """The parameters and rounds of a training as the moves want them; what the script said otherwise."""
        named = {ALIASES.get(name, name): value for name, value in params.items()}
        self.asked = {**DEFAULTS[library], "num_boost_round": rounds, **named}
        wanted: dict[str, Any] = {}
        for move in session.spec["moves"]:
            wanted |= move["args"]["params"] if move["kind"] == "set_params" else {}
        if not wanted:
            return params, rounds
        self.asked |= wanted
        kept = {name: value for name, value in params.items() if ALIASES.get(name, name) not in wanted}
        rounds = int(wanted.pop("num_boost_round", rounds))
        return {**kept, **wanted}, rounds

    def fitted(self, session: Session, booster: Any, adapter: Adapter, data: Any) -> None:
        """Takes in the booster that came out."""
        del data
        booster._trainyard = self.asked
        known: Fitted = session.take(booster, adapter)
        known.fits += 1
        known.validation, known.held_out = self.validation, self.held_out
        prints = fingerprint(self.trained[0])
        known.trained_on += [prints] if prints is not None else []
        known.last = self.trained
        session.know_data(lambda: data_facts(*self.trained))
        session.record.set(framework=adapter.framework)


native = _Native()


def _made_of(data: Any) -> tuple[Any, Any]:
    return getattr(data, "_trainyard", (data if count(data) is not None else None, None))
