"""Which framework's training a method call is: models, estimators, searches, pipelines, trainers."""

from __future__ import annotations

from trainyard.detect.knowledge.estimators import CONTAINERS, FIT_METHODS, Estimator, estimator
from trainyard.detect.knowledge.names import OTHER_TRAINERS, canonical, last, root
from trainyard.detect.knowledge.trainers import special_trainer
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Fn,
    Lib,
    Made,
    Map,
    Obj,
    Seq,
    Value,
    Values,
    bases_of,
)

_KERAS_MODELS = words(
    """
    Sequential Model load_model model_from_json model_from_yaml clone_model from_pretrained Graph
    model_from_config multi_gpu_model LinearModel WideDeepModel UNet Unet MLPModel from_preset
    """
)


_KERAS_FIT = {"fit", "fit_generator", "train_on_batch"}


FLUENT = words(
    """
    fit to cuda cpu double float half eval set_params partial_fit fit_generator_ train type requires_grad_
    apply set_output items_ batch prefetch shuffle map repeat cache
    """
)


def trainer_of(value: Value, name: str, depth: int = 0) -> tuple[str, Estimator, str] | None:  # noqa: PLR0911, PLR0912 - a table of cases
    """What `value.name(...)` trains: the thing's library name, what it is, and the estimator inside a
    container.
    """
    if depth > 6:
        return None
    if isinstance(value, Obj):
        return _object_trainer(value, name)
    if isinstance(value, Attr):
        return (
            trainer_of(value.owner, name, depth + 1)
            if value.name in ("model", "estimator", "pipeline", "module", "best_estimator_")
            else None
        )
    if not isinstance(value, Made):
        return None
    known = value.maker
    special = special_trainer(known)
    if special is not None:
        return (known, special.estimator, known) if name in special.methods else None
    top, tail = root(known), last(known)
    if name in _KERAS_FIT and _keras_model(known, top, tail):
        return known, Estimator("tensorflow-keras", "", None), known
    est = estimator(known)
    if est is not None and (
        name in FIT_METHODS
        or (
            name in ("update", "train", "grid_search", "cross_validate", "select_model")
            and est.framework not in ("sklearn",)
        )
        or (name == "fit_transform" and 0 < est.weight < 1 and "cluster" in known)
    ):
        return known, est, known
    if tail in CONTAINERS and name in FIT_METHODS:
        return known, Estimator("sklearn", "classical", None), known
    if top in OTHER_TRAINERS and name in ("fit", "train"):
        return known, Estimator(f"other:{OTHER_TRAINERS[top]}", "", None, 0.5), known
    if tail in FLUENT or known.endswith(("().fit",)):
        return None
    if name in FIT_METHODS and "." in known and depth == 0:
        # statsmodels and tuners: Model.from_formula(...).fit(), tuner.get_best_models()[0].fit()
        inner = value.parts[0] if value.parts else UNKNOWN
        for part in inner[:1]:
            if isinstance(part, Made) and part is not value:
                return trainer_of(part, name, depth + 1)
    return None


def _keras_model(known: str, top: str, tail: str) -> bool:
    if top in ("keras", "tensorflow"):
        return tail in _KERAS_MODELS or "applications" in known or known.startswith("tensorflow.keras")
    if top in tuple(
        words(
            """
        segmentation_models efficientnet keras_vggface keras_applications classification_models
        keras_contrib keras_unet kerastuner keras_tuner tensorflow_hub keras_bert bert4keras keras_nlp
        keras_hub keras_cv keras_retinanet vit_keras tcn
        """
        )
    ):
        return tail[:1].isupper() or tail in _KERAS_MODELS or "model" in known.lower()
    return top == "transformers" and (".TF" in known or last(known).startswith("TF"))


def _object_trainer(value: Obj, name: str) -> tuple[str, Estimator, str] | None:
    for base in bases_of(value.cls):
        known = canonical(base)
        special = special_trainer(known)
        if special is not None and name in special.methods:
            return known, special.estimator, known
        if root(known) == "keras" and name in _KERAS_FIT and last(known) in _KERAS_MODELS:
            return known, Estimator("tensorflow-keras", "", None), known
        est = estimator(known)
        if est is not None and name in FIT_METHODS:
            return known, est, known
    return None


def contained(value: Made, default: Estimator) -> list[tuple[Estimator, str]]:
    """What a search, pipeline or ensemble fits: the estimators inside it, or itself where it is the point."""
    name, tail = value.maker, last(value.maker)
    if tail.startswith(("AdaBoost", "Bagging")):
        return [(default, name)]
    inside: list[tuple[Estimator, str]] = []
    _collect(value, inside, 0, set())
    if not inside:
        if tail in ("Pipeline", "make_pipeline", "imbPipeline"):
            weight = 0.0 if _only_known(value) else 0.7
            return [(Estimator("sklearn", default.family or "classical", None, weight), name)]
        return [(default, name)]
    if "Voting" in tail or "Stacking" in tail:
        foreign = [e for e in inside if e[0].framework != "sklearn"]
        if len(foreign) * 2 <= len(inside):
            return [(Estimator("sklearn", "classical", inside[-1][0].task), name)]
        return foreign[-1:]
    return inside


def _collect(value: Value, inside: list[tuple[Estimator, str]], depth: int, seen: set[int]) -> None:
    if depth > 7 or id(value) in seen or len(seen) > 300:
        return
    seen.add(id(value))
    children: list[Values] = []
    if isinstance(value, Made):
        est = estimator(value.maker)
        if (est is not None and est.weight >= 0.5 and last(value.maker) not in CONTAINERS) or (
            est is not None and last(value.maker).startswith("AdaBoost")
        ):
            inside.append((est, value.maker))
        children = value.parts
    elif isinstance(value, Lib):
        est = estimator(canonical(value.name))
        if est is not None and est.weight >= 0.5 and last(value.name) not in CONTAINERS:
            inside.append((est, canonical(value.name)))
    elif isinstance(value, Obj):
        found = _object_trainer(value, "fit")
        if found is not None:
            inside.append((found[1], found[0]))
    elif isinstance(value, Seq):
        children = value.items
    elif isinstance(value, Map):
        children = list(value.items.values())
    for values in children:
        for child in values:
            _collect(child, inside, depth + 1, seen)


def _only_known(value: Made) -> bool:
    """Whether everything in a pipeline is known: then, without an estimator, it only prepares data."""
    for values in value.parts:
        for child in values:
            if isinstance(child, Seq):
                for item in child.items:
                    for step in item:
                        if isinstance(step, Seq) and len(step.items) > 1 and not step.items[1]:
                            return False
            elif isinstance(child, Attr | Fn):
                return False
    return any(values for values in value.parts)
