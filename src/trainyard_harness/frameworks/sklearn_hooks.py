"""What is patched in scikit-learn: fit, score, predict and transform of every class, and the splitters.

Classes are patched as they are made (`BaseEstimator.__init_subclass__`), which reaches everything that speaks
scikit-learn's interface: its own estimators, XGBoost's, LightGBM's, and the script's own classes.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.frameworks import sklearn_fit
from trainyard_harness.imports import AfterImport
from trainyard_harness.seen import Division
from trainyard_harness.session import Session

Handler = Callable[[Session, Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


def install(imports: AfterImport) -> None:
    imports.add("sklearn.base", patch_base)
    imports.add("sklearn.model_selection", patch_splitters)


def patch_base(base: ModuleType) -> None:
    handlers: dict[str, Handler] = {
        "fit": sklearn_fit.fit,
        "partial_fit": sklearn_fit.partial_fit,
        "score": sklearn_fit.score,
        "predict": sklearn_fit.predict,
        "predict_proba": sklearn_fit.predict,
        "transform": _transform,
        "fit_transform": _transform,
    }

    known: set[type] = set()

    def wrap(cls: type) -> None:
        known.add(cls)
        for name, handler in handlers.items():
            found = cls.__dict__.get(name)
            if found is None or getattr(found, "__isabstractmethod__", False):
                continue
            if inspect.isfunction(found):
                setattr(cls, name, _method(found, handler))
            elif hasattr(found, "__get__") and not isinstance(found, classmethod | staticmethod | property):
                setattr(cls, name, _Conditional(found, handler))

    inherited = base.BaseEstimator.__init_subclass__

    def init_subclass(cls: type, /, **options: Any) -> None:
        getattr(inherited, "__func__", lambda _cls, **_options: None)(cls, **options)
        wrap(cls)
        # What a mixin gives (LinearClassifierMixin: `predict` of a LogisticRegression) is made without us.
        for kind in cls.__mro__[1:-1]:
            if kind not in known and not issubclass(kind, base.BaseEstimator):
                wrap(kind)

    base.BaseEstimator.__init_subclass__ = classmethod(init_subclass)
    for mixin in (base.ClassifierMixin, base.RegressorMixin, base.TransformerMixin):
        wrap(mixin)


def _method(original: Callable[..., Any], handler: Handler) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(self, *args, **kwargs)
        return handler(session, functools.partial(original, self), self, args, kwargs)

    return method


class _Conditional:
    """A method that exists only for some objects (`available_if`): asked the same, then handled."""

    def __init__(self, inner: Any, handler: Handler) -> None:
        self._inner = inner
        self._handler = handler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        bound = self._inner.__get__(owner, kind)
        if owner is None:
            return bound

        @functools.wraps(bound)
        def method(*args: Any, **kwargs: Any) -> Any:
            session = sessions.current()
            if session.depth:
                return bound(*args, **kwargs)
            return self._handler(session, bound, owner, args, kwargs)

        return method


def _transform(
    session: Session, original: Callable[..., Any], owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Follows the script's own division of its data through scalers and encoders."""
    with session.inside():
        result = original(*args, **kwargs)
    given = args[0] if args else next(iter(kwargs.values()), None)
    for division in session.divisions:
        division.follow(given, result)
    if hasattr(owner, "classes_") and type(owner).__name__ in {"LabelEncoder", "LabelBinarizer"}:
        session.labels.append([str(one) for one in owner.classes_])
    elif session.of(owner) is None:
        session.prepared("transform", owner, given, result)
    return result


def patch_splitters(module: ModuleType) -> None:
    """`train_test_split` tells which rows the script keeps apart, whether it measures on them or not."""
    original = module.train_test_split
    cross = {
        name: getattr(module, name) for name in ("cross_val_score", "cross_validate", "cross_val_predict")
    }

    @functools.wraps(original)
    def train_test_split(*arrays: Any, **options: Any) -> Any:
        result = original(*arrays, **options)
        session = sessions.current()
        if not session.depth:
            pairs = list(zip(result[::2], result[1::2], strict=True))
            ordered = options.get("shuffle") is False
            session.divisions.append(Division(pairs, session.place(), ordered))
        return result

    module.train_test_split = train_test_split  # type: ignore[attr-defined]
    splitters: list[Any] = [one for name, one in vars(module).items() if name.endswith("KFold")]
    for kind in splitters:
        kind.split = _told(kind.split)
    for name, function in cross.items():
        setattr(module, name, _crossed(name, function))


def _told(original: Callable[..., Any]) -> Callable[..., Any]:
    """A k-fold splitter that tells the session which fold the script is in."""

    @functools.wraps(original)
    def split(*args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            yield from original(*args, **kwargs)
            return
        parts = original(*args, **kwargs)
        for number, part in enumerate(parts):
            session.fold = (id(parts), number)
            yield part
        session.fold = None

    return split


def _crossed(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Cross-validation fits inside: its scores are of held-out folds, but of models that are not kept."""

    @functools.wraps(original)
    def crossed(*args: Any, **kwargs: Any) -> Any:
        session = sessions.current()
        if session.depth:
            return original(*args, **kwargs)
        try:
            sklearn_fit.crossing(session, args, kwargs)
        except Exception as error:  # noqa: BLE001
            session.fault(name, error)
        with session.inside():
            result = original(*args, **kwargs)
        try:
            sklearn_fit.cross_validated(session, name, args, kwargs, result)
        except Exception as error:  # noqa: BLE001
            session.fault(name, error)
        return result

    return crossed
