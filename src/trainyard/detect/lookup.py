"""What a name or an attribute means: scopes, star imports, objects, classes, modules."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trainyard.detect import guesses, imports
from trainyard.detect.knowledge.estimators import FIT_NAMES, estimator
from trainyard.detect.knowledge.names import CONVENTIONS, canonical
from trainyard.detect.knowledge.networks import layer_kind
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Cls,
    Const,
    Fn,
    Lib,
    Made,
    Map,
    Mod,
    Obj,
    Scope,
    Seq,
    Super,
    Value,
    Values,
    bases_of,
    find_in_class,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

# `train.remote()`, `train.submit()`, `train.delay()`: a task library's ways to call the function.
_CALLS_IT = words(
    "remote submit delay apply_async map starmap fn local call spawn run main callback with_options options"
)


def lookup(scope: Scope, name: str) -> Values:
    """A name along the scopes, then the star imports, then what everybody means by it."""
    at: Scope | None = scope
    module = scope
    while at is not None:
        found = at.names.get(name)
        if found is not None:
            return found
        module, at = at, at.parent
    found = from_stars(module, name)
    if found:
        return found
    if name in _BUILTINS:
        return (Lib("builtins." + name),)
    meant = CONVENTIONS.get(name)
    return (Lib(meant),) if meant else UNKNOWN


def from_stars(scope: Scope, name: str) -> Values:
    """The library object that a star import brought under this name."""
    for star in reversed(scope.stars):
        full = f"{star}.{name}"
        if star.endswith("keras.layers") and name in _LAYER_MODULES:
            return (Lib(full),)
        known = canonical(full)
        if layer_kind(known) or estimator(known) or known in _KNOWN_STARS:
            return (Lib(full),)
    if scope.stars and name[:1].isupper() and name not in CONVENTIONS:
        return (Lib(f"{scope.stars[-1]}.{name}"),) if len(scope.stars) == 1 else UNKNOWN
    return UNKNOWN


def attribute(run: Run, owner: Value, name: str) -> Values:  # noqa: PLR0911 - a table of cases
    """`owner.name`."""
    if isinstance(owner, Lib):
        return (Lib(f"{owner.name}.{name}"),)
    if isinstance(owner, Mod):
        return imports.member(run, owner, name)
    if isinstance(owner, Obj):
        found = owner.attrs.get(name, UNKNOWN) or _bound(find_in_class(owner.cls, name), owner, run)
        if not found and name not in ("__class__",):
            if name == "__init__":
                return UNKNOWN
            found = guesses.late_attribute(run, owner, name)
            return found or ((Attr(owner, name),) if bases_of(owner.cls) or name in FIT_NAMES else UNKNOWN)
        return found
    if isinstance(owner, Super):
        return _of_super(run, owner, name)
    if isinstance(owner, Fn):
        return (owner,) if name in _CALLS_IT else UNKNOWN
    if isinstance(owner, Cls):
        return find_in_class(owner, name) or tuple(Lib(f"{b}.{name}") for b in bases_of(owner)[:1])
    if isinstance(owner, Made | Attr | Seq | Map | Const):
        if isinstance(owner, Attr) and _depth(owner) > 12:
            return UNKNOWN
        return (Attr(owner, name),)
    return UNKNOWN


def _of_super(run: Run, owner: Super, name: str) -> Values:
    for base in owner.owner.bases:
        if isinstance(base, Cls):
            found = find_in_class(base, name)
            if found and isinstance(owner.bound, Obj):
                return _bound(found, owner.bound, run)
    if isinstance(owner.bound, Obj) and bases_of(owner.owner) and name != "__init__":
        return (Attr(owner.bound, name),)
    return UNKNOWN


def _depth(value: Value) -> int:
    count = 0
    while isinstance(value, Attr):
        value = value.owner
        count += 1
    return count


def _bound(values: Values, owner: Obj, run: Run) -> Values:
    out: list[Value] = []
    for value in values:
        if isinstance(value, Fn) and value.bound is None:
            if not isinstance(value.node, ast.Lambda):
                names = [d.id for d in value.node.decorator_list if isinstance(d, ast.Name)]
                if "property" in names or "cached_property" in names:
                    out += run.call_fn(Fn(value.node, value.scope, owner, value.owner), [], {}, value.node)
                    continue
            out.append(Fn(value.node, value.scope, owner, value.owner))
        else:
            out.append(value)
    return tuple(out)


def all_functions(scope: Scope) -> Values:
    """Every function of the module: `globals()[name](...)` with a name that only the run knows."""
    while scope.parent is not None:
        scope = scope.parent
    return tuple(v for vs in scope.names.values() for v in vs if isinstance(v, Fn))[:20]


_BUILTINS = words(
    """
    input raw_input get_ipython print open exec eval execfile __import__ getattr setattr globals locals vars
    list tuple set dict sorted reversed enumerate zip map filter super iter next type isinstance callable
    partial reload range
    """
)


_LAYER_MODULES = words(
    """
    core convolutional recurrent pooling normalization embeddings advanced_activations wrappers merge noise
    local
    """
)


_KNOWN_STARS = words(
    """
    keras.models.Sequential keras.models.Model keras.Sequential keras.Model keras.layers.Input
    keras.models.load_model tensorflow.keras sklearn.model_selection.GridSearchCV
    sklearn.model_selection.cross_val_score transformers.Trainer sklearn.pipeline.Pipeline
    keras.preprocessing.image.ImageDataGenerator keras.layers.Dropout keras.layers.Flatten
    keras.layers.Activation keras.layers.MaxPooling2D keras.layers.BatchNormalization
    fastai.vision.all.vision_learner keras.optimizers.Adam keras.optimizers.SGD keras.optimizers.RMSprop
    torch.nn torch.optim torch.utils lightning.Trainer lightning.LightningModule
    fastai.vision.all.cnn_learner fastai.vision.cnn_learner fastai.tabular.all.tabular_learner
    fastai.vision.all.unet_learner fastai.text.all.text_classifier_learner fastai.collab.collab_learner
    fastai.vision.all.Learner fastai.vision.create_cnn fastai.conv_learner.ConvLearner
    fastai.vision.all.ImageDataLoaders pycaret.classification.setup pycaret.classification.compare_models
    pycaret.classification.create_model pycaret.regression.setup pycaret.regression.compare_models
    pycaret.regression.create_model torch.nn.Module torch.nn.CrossEntropyLoss
    """
)
