"""Trainings that only a method's name shows: `backward`, `minimize`, a `fit` on something unknown."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from trainyard.detect.events import Event
from trainyard.detect.knowledge.names import OTHER_TRAINERS, canonical, last, root
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import (
    Made,
    Value,
    Values,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_EPOCH_WORDS = words(
    """
    epochs nb_epoch batch_size validation_data validation_split steps_per_epoch callbacks samples_per_epoch
    class_weight validation_steps initial_epoch
    """
)


_BOOST_WORDS = {"eval_set", "early_stopping_rounds", "eval_metric", "cat_features", "categorical_feature"}


_HELPER = re.compile(
    r"(?i)(scal|encod|vectori|pca|token|imput|^le$|^ss$|^sc(_?[xy])?$|^mm?s$|tfidf|transform|preproc|datagen|^ohe$|label_?bin|^lb$|^mlb$|normali"
    r"|^cv$|^tf$|count|^poly|svd|tsne|umap|augment|^enc|select|discret|^sm$|smote|^pt$|^gen|_gen$|generator|^qt$|bert|word2vec|^self$|^super$|vocab|stand)"
)


def training(run: Run, line: int, framework: str, sentence: str, detail: str = "", name: str = "") -> None:
    run.event(Event("train", run.source.path, line, sentence, framework, detail=detail, name=name))


def weak(
    run: Run, owner: Value | None, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST
) -> None:
    """A `fit` on something unknown: the keywords and the variable's name may tell."""
    func = node.func if isinstance(node, ast.Call) else None
    variable = _variable(func)
    line = getattr(node, "lineno", 0)
    words = set(kwargs)
    framework = ""
    if words & _BOOST_WORDS:
        framework = "boosting"
    elif words & _EPOCH_WORDS or name in ("fit_generator", "train_on_batch"):
        framework = "keras"
    elif "trainer" in variable.lower() and any(canonical(n).startswith("lightning") for n in run.log.imports):
        framework = "lightning"
    if isinstance(owner, Made):
        top = root(owner.maker)
        if top == "sklearn" and not last(owner.maker)[:1].islower():
            return  # a transformer
        if top in OTHER_TRAINERS:
            framework = f"other:{OTHER_TRAINERS[top]}"
        elif (
            top in ("keras", "sklearn", "pandas", "numpy", "category_encoders", "imblearn", "umap")
            and not framework
        ):
            return
    if not framework and (_HELPER.search(variable) or (not args and not kwargs)):
        return
    run.event(
        Event(
            "weak",
            run.source.path,
            line,
            f"{variable or 'something'}.{name} is called.",
            framework,
            name=variable,
        )
    )


def _variable(func: ast.expr | None) -> str:
    if isinstance(func, ast.Attribute):
        value = func.value
        while isinstance(value, ast.Subscript | ast.Call):
            value = value.value if isinstance(value, ast.Subscript) else value.func
        if isinstance(value, ast.Attribute):
            return value.attr
        if isinstance(value, ast.Name):
            return value.id
    return ""


def backward(run: Run, line: int, owner: Value | None) -> None:
    roots = {n.partition(".")[0] for n in run.log.imports}
    if "torch" in roots or "accelerate" in roots or "lightning" in roots or "pytorch_lightning" in roots:
        training(run, line, "pytorch", "backward() computes gradients to learn from.", name="backward")
    else:
        for top, label in OTHER_TRAINERS.items():
            if top in roots:
                training(
                    run,
                    line,
                    f"other:{label}",
                    "backward() computes gradients to learn from.",
                    name="backward",
                )
                return


def minimize(run: Run, owner: Value | None, name: str, args: list[Values], line: int) -> None:
    roots = {n.partition(".")[0] for n in run.log.imports}
    maker = owner.maker if isinstance(owner, Made) else ""
    top = root(maker)
    if top in ("tensorflow", "keras", "horovod"):
        detail = "session" if name == "minimize" or maker.startswith("tensorflow.train.") else "tape"
        training(run, line, "tensorflow-keras", f"{name}() moves the weights.", detail=detail, name=name)
    # TensorFlow's `apply_gradients` takes pairs, flax's only keywords; many import TensorFlow for its data.
    elif top in ("flax", "optax", "jax") or ("flax" in roots and not ("tensorflow" in roots and args)):
        training(run, line, "jax", f"{name}() moves the weights.", name=name)
    elif "tensorflow" in roots or "keras" in roots:
        training(
            run,
            line,
            "tensorflow-keras",
            f"{name}() moves the weights.",
            detail="tape" if name != "minimize" else "session",
            name=name,
        )
