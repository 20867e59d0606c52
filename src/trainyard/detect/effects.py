"""What calling a library means: something is constructed, something trains, something is hazardous."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from trainyard.detect import hazards, tasks
from trainyard.detect.events import Event
from trainyard.detect.knowledge.estimators import (
    CONTAINERS,
    FIT_ARGUMENT,
    FIT_METHODS,
    Estimator,
    estimator,
    train_call,
)
from trainyard.detect.knowledge.names import OTHER_TRAINERS, canonical, last, root
from trainyard.detect.knowledge.networks import LANGUAGE, PRETRAINED, layer_kind
from trainyard.detect.knowledge.trainers import special_trainer
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Cls,
    Const,
    Fn,
    Lib,
    Made,
    Map,
    Obj,
    Seq,
    Value,
    Values,
    bases_of,
    find_in_class,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_KERAS_MODELS = {"Sequential", "Model", "load_model", "model_from_json", "model_from_yaml", "clone_model", "from_pretrained", "Graph",
                 "model_from_config", "multi_gpu_model", "LinearModel", "WideDeepModel", "UNet", "Unet", "MLPModel", "from_preset"}  # fmt: skip
_KERAS_FIT = {"fit", "fit_generator", "train_on_batch"}
_FLUENT = {"fit", "to", "cuda", "cpu", "double", "float", "half", "eval", "set_params", "partial_fit", "fit_generator_", "train", "type",
           "requires_grad_", "apply", "set_output", "items_", "batch", "prefetch", "shuffle", "map", "repeat", "cache"}  # fmt: skip
_EPOCH_WORDS = {"epochs", "nb_epoch", "batch_size", "validation_data", "validation_split", "steps_per_epoch", "callbacks",
                "samples_per_epoch", "class_weight", "validation_steps", "initial_epoch"}  # fmt: skip
_BOOST_WORDS = {"eval_set", "early_stopping_rounds", "eval_metric", "cat_features", "categorical_feature"}
_HELPER = re.compile(
    r"(?i)(scal|encod|vectori|pca|token|imput|^le$|^ss$|^sc(_?[xy])?$|^mm?s$|tfidf|transform|preproc|datagen|^ohe$|label_?bin|^lb$|^mlb$|normali"
    r"|^cv$|^tf$|count|^poly|svd|tsne|umap|augment|^enc|select|discret|^sm$|smote|^pt$|^gen|_gen$|generator|^qt$|bert|word2vec|^self$|^super$|vocab|stand)"
)
_TRANSFORMER = re.compile(
    r"(?<!Spatial)(Transformer|MultiHead|Multi_?head|GPT|BERT|Bert|ViT(?![a-z])|Encoder_?Decoder|CausalSelf)|Self_?Attention|Attention_?Head"
)
_OPTIMIZER_HOMES = (
    "torch.optim.",
    "keras.optimizers.",
    "tensorflow.train.",
    "tensorflow.optimizers.",
    "optax.",
    "transformers.AdamW",
)


def library(run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    """A library object called by its raw dotted name."""
    line = getattr(node, "lineno", 0)
    known = canonical(name)
    run.log.used.setdefault(name, (run.source.path, line))
    run.log.keywords(run.source, known, kwargs, line)
    hazards.library(run, known, args, kwargs, node)
    made = Made(known, [*args, *kwargs.values()], kwargs, run.source.path, line)
    kind = layer_kind(known)
    if kind is not None:
        _layer(run, known, kind, kwargs, line)
    tasks.constructed(run, known, args, kwargs, line)
    trained = train_call(known)
    if trained is not None:
        _trains(
            run,
            line,
            trained,
            f"{known} trains.",
            known,
            tuple(v for vs in (*args, *kwargs.values()) for v in vs),
        )
        tasks.parameters(run, (*args, *kwargs.values()), line)
    elif last(known) in FIT_ARGUMENT and root(known) in ("sklearn", "mlxtend", "dask_ml"):
        _fits_argument(run, known, (*args[:1], *(v for k, v in kwargs.items() if k == "estimator")), line)
    elif known in (
        "jax.grad",
        "jax.value_and_grad",
        "flax.nn.value_and_grad",
        "equinox.filter_value_and_grad",
        "equinox.filter_grad",
    ):
        run.event(
            Event(
                "train", run.source.path, line, f"{known} takes gradients to learn from.", "jax", name=known
            )
        )
    elif known in ("tensorflow.gradients",):
        _event(
            run,
            line,
            "tensorflow-keras",
            f"{known} takes gradients to learn from.",
            detail="session",
            name=known,
        )
    elif known.startswith(_OPTIMIZER_HOMES) and last(known)[:1].isupper():
        run.event(
            Event("optimizer", run.source.path, line, f"{known} optimizes.", root(known), detail=last(known))
        )
    elif found := special_trainer(known):
        if "__call__" in found.methods:
            _trains(run, line, found.estimator, f"{known} trains.", known, (made,))
        elif found.layer:
            _layer(run, known, found.layer, kwargs, line)
    return (made,)


def method(run: Run, func: Attr, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    """A method of something that a library made (or of a local subclass of a library's class)."""
    name, owner = func.name, func.owner
    line = getattr(node, "lineno", 0)
    source = run.source
    run.log.method(source, name, owner, kwargs, line)
    hazards.method(run, func, args, kwargs, node)
    everything = tuple(v for vs in (*args, *kwargs.values()) for v in vs)
    if isinstance(owner, Made) and name == "add" and len(owner.parts) < 256:
        owner.parts.append(everything)
        return UNKNOWN
    if isinstance(owner, Made) and name in ("from_pretrained", "from_preset"):
        return library(run, f"{owner.maker}.{name}", args, kwargs, node)
    if name == "compile":
        tasks.compiled(run, args, kwargs, line)
    if name in ("backward", "manual_backward"):
        _backward(run, line, owner)
    elif name in ("minimize", "apply_gradients"):
        _minimize(run, owner, name, args, line)
    elif name in _ALL_FITS or (isinstance(owner, Obj) and bases_of(owner.cls)):
        _fit(run, owner, name, args, kwargs, node)
    if isinstance(owner, Obj):
        return (
            (owner,) if name in _FLUENT else (Made(f"object.{name}", [(owner,)], kwargs, source.path, line),)
        )
    if name in _FLUENT:
        return (owner,)
    maker = owner.maker if isinstance(owner, Made) else name
    if name == "get_tokenizer" or len(maker) > 200:
        return UNKNOWN
    return (
        Made(f"{maker}.{name}", [(owner,)] if not isinstance(owner, Attr) else [], kwargs, source.path, line),
    )


_ALL_FITS = frozenset({*FIT_METHODS, "train", "fit_one_cycle", "fine_tune", "train_on_batch", "search", "learn", "train_model", "fit_transform",
                       "fit_flat_cos", "update", "tune", "finetune", "fit_onecycle", "autofit", "cross_validate", "train_and_evaluate", "grid_search", "select_model"})  # fmt: skip


def _fit(
    run: Run, owner: Value, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST
) -> None:
    line = getattr(node, "lineno", 0)
    found = trainer_of(owner, name)
    if found is None:
        if name in FIT_METHODS or name in ("train_on_batch", "fit_one_cycle"):
            _weak(run, owner, name, args, kwargs, node)
        return
    what, est, subject = found
    sentence = f"{last(what)}.{name} trains."
    if last(what) in CONTAINERS and isinstance(owner, Made):
        for inner, inside in _contained(owner, est):
            _trains(run, line, inner, sentence, what, (owner,), inside)
    else:
        _trains(run, line, est, sentence, what, (owner,), subject)
    everything = tuple(v for vs in (*args, *kwargs.values()) for v in vs)
    if what.startswith("lightning"):
        _walk_hooks(run, everything, node)


def trainer_of(value: Value, name: str, depth: int = 0) -> tuple[str, Estimator, str] | None:
    """What `value.name(...)` trains: the thing's library name, what it is, and the estimator inside a container."""
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
    if est is not None and (name in FIT_METHODS or (name in ("update", "train", "grid_search", "cross_validate", "select_model") and est.framework not in ("sklearn",))
                            or (name == "fit_transform" and 0 < est.weight < 1 and "cluster" in known)):  # fmt: skip
        return known, est, known
    if tail in CONTAINERS and name in FIT_METHODS:
        return known, Estimator("sklearn", "classical", None), known
    if top in OTHER_TRAINERS and name in ("fit", "train"):
        return known, Estimator(f"other:{OTHER_TRAINERS[top]}", "", None, 0.5), known
    if tail in _FLUENT or known.endswith(("().fit",)):
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
    if top in ("segmentation_models", "efficientnet", "keras_vggface", "keras_applications", "classification_models", "keras_contrib", "keras_unet",
               "kerastuner", "keras_tuner", "tensorflow_hub", "keras_bert", "bert4keras", "keras_nlp", "keras_hub", "keras_cv", "keras_retinanet", "vit_keras", "tcn"):  # fmt: skip
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


def _contained(value: Made, default: Estimator) -> list[tuple[Estimator, str]]:
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


def _fits_argument(run: Run, known: str, candidates: tuple[Values, ...], line: int) -> None:
    told = False
    for values in candidates:
        for value in values:
            found = trainer_of(value, "fit")
            if found is not None:
                _trains(
                    run, line, found[1], f"{last(known)} fits {last(found[2])}.", found[0], (value,), found[2]
                )
                return
    run.event(
        Event(
            "weak",
            run.source.path,
            line,
            f"{last(known)} fits an estimator.",
            "sklearn",
            name=known,
            family="classical",
        )
    )


def _trains(
    run: Run, line: int, est: Estimator, sentence: str, name: str, receiver: Values, subject: str = ""
) -> None:
    if est.weight <= 0.0:
        return
    run.event(
        Event(
            "train", run.source.path, line, sentence, est.framework, weight=est.weight, family=est.family or None,
            task=est.task, name=subject or name, receiver=receiver, detail=subject or name,
        )
    )  # fmt: skip
    for value in receiver:
        if isinstance(value, Made):
            tasks.parameters(run, tuple(value.kwargs.values()), line)


def _event(run: Run, line: int, framework: str, sentence: str, detail: str = "", name: str = "") -> None:
    run.event(Event("train", run.source.path, line, sentence, framework, detail=detail, name=name))


def _weak(
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


def unknown_call(run: Run, node: ast.Call, args: list[Values], kwargs: dict[str, Values]) -> None:
    """A call of something unknown: only the method's name is left to judge by."""
    func = node.func
    if not isinstance(func, ast.Attribute):
        return
    name = func.attr
    run.log.method(run.source, name, None, kwargs, node.lineno)
    hazards.unknown(run, name, node)
    if name in ("backward", "manual_backward"):
        _backward(run, node.lineno, None)
    elif name in ("minimize", "apply_gradients"):
        _minimize(run, None, name, args, node.lineno)
    elif name in FIT_METHODS or name in ("train_on_batch", "fit_one_cycle"):
        _weak(run, None, name, args, kwargs, node)
    elif name == "compile" and ("loss" in kwargs or "optimizer" in kwargs or "metrics" in kwargs):
        tasks.compiled(run, args, kwargs, node.lineno)
    elif name == "add":
        pass


def _backward(run: Run, line: int, owner: Value | None) -> None:
    roots = {n.partition(".")[0] for n in run.log.imports}
    if "torch" in roots or "accelerate" in roots or "lightning" in roots or "pytorch_lightning" in roots:
        _event(run, line, "pytorch", "backward() computes gradients to learn from.", name="backward")
    else:
        for top, label in OTHER_TRAINERS.items():
            if top in roots:
                _event(
                    run,
                    line,
                    f"other:{label}",
                    "backward() computes gradients to learn from.",
                    name="backward",
                )
                return


def _minimize(run: Run, owner: Value | None, name: str, args: list[Values], line: int) -> None:
    roots = {n.partition(".")[0] for n in run.log.imports}
    maker = owner.maker if isinstance(owner, Made) else ""
    top = root(maker)
    if top in ("tensorflow", "keras", "horovod"):
        detail = "session" if name == "minimize" or maker.startswith("tensorflow.train.") else "tape"
        _event(run, line, "tensorflow-keras", f"{name}() moves the weights.", detail=detail, name=name)
    elif top in ("flax", "optax", "jax") or ("flax" in roots and "tensorflow" not in roots):
        _event(run, line, "jax", f"{name}() moves the weights.", name=name)
    elif "tensorflow" in roots or "keras" in roots:
        _event(
            run,
            line,
            "tensorflow-keras",
            f"{name}() moves the weights.",
            detail="tape" if name != "minimize" else "session",
            name=name,
        )


def _layer(run: Run, known: str, kind: str, kwargs: dict[str, Values], line: int) -> None:
    name = last(known)
    if kind == PRETRAINED:
        pretrained = _wants_weights(known, kwargs)
        if not pretrained:
            kind = "conv"
        sentence = (
            f"{name} brings trained weights." if pretrained else f"{name} is built without trained weights."
        )
    elif kind == LANGUAGE:
        sentence = f"{name} is a transformer."
    else:
        sentence = f"{name} is built."
    run.event(Event("layer", run.source.path, line, sentence, root(known), detail=kind, name=name))


def _wants_weights(known: str, kwargs: dict[str, Values]) -> bool:
    for word in ("weights", "pretrained", "encoder_weights"):
        for value in kwargs.get(word, UNKNOWN):
            if isinstance(value, Const):
                return bool(value.value)
        if word in kwargs:
            return True
    top = root(known)
    if top == "torchvision" or top == "timm":
        return "weights" in kwargs or "pretrained" in kwargs or "*" in known
    if top == "efficientnet_pytorch":
        return "from_pretrained" in known
    return True


def subclass_made(
    run: Run, made: Obj, bases: list[str], args: list[Values], kwargs: dict[str, Values], line: int
) -> None:
    """An instance of a local class with library bases was made."""
    for base in bases:
        known = canonical(base)
        kind = layer_kind(known)
        if kind in (PRETRAINED, LANGUAGE):
            _layer(run, known, kind, kwargs, made.cls.node.lineno)
        run.log.used.setdefault(base, (run.source.path, made.cls.node.lineno))
        name = made.cls.node.name
        if root(known) in ("torch", "keras", "lightning", "flax", "haiku", "equinox") and (
            found := _TRANSFORMER.search(name)
        ):
            kind = "attention" if found[1] else "self-attention"
            sentence = f"{name} is a hand-written transformer part."
            run.event(
                Event(
                    "layer",
                    made.cls.scope.module.path,
                    made.cls.node.lineno,
                    sentence,
                    root(known),
                    detail=kind,
                    name=name,
                )
            )


def _walk_hooks(run: Run, values: Values, node: ast.AST) -> None:
    """Lightning calls a module's steps itself."""
    for value in values:
        if isinstance(value, Obj):
            for hook in (
                "training_step",
                "configure_optimizers",
                "validation_step",
                "train_dataloader",
                "prepare_data",
                "setup",
            ):
                for fn in find_in_class(value.cls, hook):
                    if isinstance(fn, Fn):
                        run.call_fn(Fn(fn.node, fn.scope, value, fn.owner), [], {}, node)
        elif isinstance(value, Cls):
            continue
