"""What is patched in CatBoost: its models' fit, predict and score. It resumes by snapshots of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks import sklearn_fit
from trainyard_harness.frameworks.rounds import named
from trainyard_harness.imports import AfterImport

INTERVAL = 30
"""Seconds between two snapshots."""


def install(imports: AfterImport) -> None:
    imports.add("catboost", patch)


def patch(catboost: ModuleType) -> None:
    handlers: dict[str, Callable[..., Any]] = {
        "fit": _fit, "score": sklearn_fit.score, "predict": sklearn_fit.predict,
        "predict_proba": sklearn_fit.predict,
    }  # fmt: skip
    _remember(catboost.Pool)
    for kind in (catboost.CatBoost, catboost.CatBoostClassifier, catboost.CatBoostRegressor):
        for name, handler in handlers.items():
            if name in vars(kind):
                setattr(kind, name, _method(vars(kind)[name], name, handler))


def _method(original: Callable[..., Any], name: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(self, *args, **kwargs)
        args, kwargs = _unpooled(name, args, kwargs)
        return handler(session, functools.partial(original, self), self, args, kwargs)

    return method


def _remember(pool: Any) -> None:
    """Keeps what a Pool was made of: it cannot be read back from it."""
    original = pool.__init__

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        options = named(original, (self, *args), kwargs)
        data, label = options.pop("data", None), options.pop("label", None)
        options.pop("self")
        if set(options) <= {"cat_features"}:
            self._trainyard = (data, label, options)

    pool.__init__ = init


def _unpooled(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call with the tables that its Pools were made of: only there can rows be told apart and held out."""
    found = dict(kwargs)
    pool: Any = args[0] if args else found.get("X", found.get("data"))
    if hasattr(pool, "_trainyard"):
        data, label, options = pool._trainyard
        found = {key: one for key, one in found.items() if key not in {"X", "data"}}
        found |= options if name == "fit" else {}
        args = (data, label, *args[1:]) if name in {"fit", "score"} else (data, *args[1:])
    watched: Any = found.get("eval_set")
    if isinstance(watched, list):
        found["eval_set"] = [one._trainyard[:2] if hasattr(one, "_trainyard") else one for one in watched]
    elif hasattr(watched, "_trainyard"):
        found["eval_set"] = watched._trainyard[:2]
    return args, found


def _fit(
    session: sessions.Session,
    original: Callable[..., Any],
    model: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    number = session.fits

    def fit(*given: Any, **options: Any) -> Any:
        path = session.trial.checkpoint / f"fit-{number:04d}.catboost"
        known = {"save_snapshot": True, "snapshot_file": str(path), "snapshot_interval": INTERVAL}
        if path.exists():
            session.record.note("CatBoost went on from its own snapshot.")
        for _ in range(2):
            try:
                return original(*given, **{**options, **known})
            except Exception as error:
                if "snapshot" not in str(error).lower():
                    raise
                if not path.exists():  # the script forbids them (`allow_writing_files=False`)
                    break
                path.unlink()  # a torn one must not stop a restart
        session.record.note("CatBoost may write no snapshot here: after a crash this fit begins anew.")
        return original(*given, **options)

    return sklearn_fit.fit(session, fit, model, args, kwargs)
