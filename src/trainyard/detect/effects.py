"""What calling a library means: something is constructed, something trains, something is hazardous."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trainyard.detect import gradients, hazards, layers, mistakes, saving, tasks
from trainyard.detect.events import Event
from trainyard.detect.knowledge.estimators import (
    CONTAINERS,
    FIT_ARGUMENT,
    FIT_METHODS,
    Estimator,
    train_call,
)
from trainyard.detect.knowledge.names import canonical, last, root
from trainyard.detect.knowledge.networks import layer_kind
from trainyard.detect.knowledge.trainers import special_trainer
from trainyard.detect.trainers import FLUENT, contained, trainer_of
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Cls,
    Fn,
    Made,
    Obj,
    Value,
    Values,
    bases_of,
    find_in_class,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

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
        layers.built(run, known, kind, kwargs, line)
    if known == "keras.callbacks.ModelCheckpoint":
        saving.checkpoint(run, args, kwargs, line)
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
        "flax.nnx.grad",
        "flax.nnx.value_and_grad",
        "equinox.filter_value_and_grad",
        "equinox.filter_grad",
    ):
        run.event(
            Event(
                "train", run.source.path, line, f"{known} takes gradients to learn from.", "jax", name=known
            )
        )
    elif known in ("tensorflow.gradients",):
        gradients.training(
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
            layers.built(run, known, found.layer, kwargs, line)
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
    if name in ("save", "save_weights"):
        saving.method(run, func, args, line)
    if name == "compile":
        tasks.compiled(run, args, kwargs, line)
        mistakes.compiled(run, owner, args, kwargs, line)
    if name in ("backward", "manual_backward"):
        gradients.backward(run, line, owner)
    elif name in ("minimize", "apply_gradients"):
        gradients.minimize(run, owner, name, args, line)
    elif name in _ALL_FITS or (isinstance(owner, Obj) and bases_of(owner.cls)):
        _fit(run, owner, name, args, kwargs, node)
    if isinstance(owner, Obj):
        return (
            (owner,) if name in FLUENT else (Made(f"object.{name}", [(owner,)], kwargs, source.path, line),)
        )
    if name in FLUENT:
        return (owner,)
    maker = owner.maker if isinstance(owner, Made) else name
    if name == "get_tokenizer" or len(maker) > 200:
        return UNKNOWN
    return (
        Made(f"{maker}.{name}", [(owner,)] if not isinstance(owner, Attr) else [], kwargs, source.path, line),
    )


_ALL_FITS = frozenset(
    {
        *FIT_METHODS,
        "train",
        "fit_one_cycle",
        "fine_tune",
        "train_on_batch",
        "search",
        "learn",
        "train_model",
        "fit_transform",
        "fit_flat_cos",
        "update",
        "tune",
        "finetune",
        "fit_onecycle",
        "autofit",
        "cross_validate",
        "train_and_evaluate",
        "grid_search",
        "select_model",
        "run",
    }
)


def _fit(
    run: Run, owner: Value, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST
) -> None:
    line = getattr(node, "lineno", 0)
    found = trainer_of(owner, name)
    if found is None:
        if name in FIT_METHODS or name in ("train_on_batch", "fit_one_cycle"):
            gradients.weak(run, owner, name, args, kwargs, node)
        return
    what, est, subject = found
    sentence = f"{last(what)}.{name} trains."
    if last(what) in CONTAINERS and isinstance(owner, Made):
        for inner, inside in contained(owner, est):
            _trains(run, line, inner, sentence, what, (owner,), inside)
    else:
        _trains(run, line, est, sentence, what, (owner,), subject)
    everything = tuple(v for vs in (*args, *kwargs.values()) for v in vs)
    if what.startswith("lightning"):
        _walk_hooks(run, everything, node)


def _fits_argument(run: Run, known: str, candidates: tuple[Values, ...], line: int) -> None:
    """`cross_val_score` and its kind: every estimator that the argument may be, or holds."""
    told = False
    for value in (v for values in candidates for v in values):
        found = trainer_of(value, "fit")
        if found is None:
            continue
        told = True
        what, est, subject = found
        inside = (
            contained(value, est)
            if isinstance(value, Made) and last(what) in CONTAINERS
            else [(est, subject)]
        )
        for inner, name in inside:
            _trains(run, line, inner, f"{last(known)} fits {last(name)}.", what, (value,), name)
    if not told:
        sentence = f"{last(known)} fits an estimator."
        run.event(Event("weak", run.source.path, line, sentence, "sklearn", name=known, family="classical"))


def _trains(
    run: Run, line: int, est: Estimator, sentence: str, name: str, receiver: Values, subject: str = ""
) -> None:
    if est.weight <= 0.0:
        return
    run.event(
        Event(
            "train",
            run.source.path,
            line,
            sentence,
            est.framework,
            weight=est.weight,
            family=est.family or None,
            task=est.task,
            name=subject or name,
            receiver=receiver,
            detail=subject or name,
        )
    )
    for value in receiver:
        if isinstance(value, Made):
            tasks.parameters(run, tuple(value.kwargs.values()), line)


def unknown_call(run: Run, node: ast.Call, args: list[Values], kwargs: dict[str, Values]) -> None:
    """A call of something unknown: only the method's name is left to judge by."""
    func = node.func
    if not isinstance(func, ast.Attribute):
        return
    name = func.attr
    run.log.method(run.source, name, None, kwargs, node.lineno)
    hazards.unknown(run, name, node)
    if name in ("backward", "manual_backward"):
        gradients.backward(run, node.lineno, None)
    elif name in ("minimize", "apply_gradients"):
        gradients.minimize(run, None, name, args, node.lineno)
    elif name in FIT_METHODS or name in ("train_on_batch", "fit_one_cycle"):
        gradients.weak(run, None, name, args, kwargs, node)
    elif name == "compile" and ("loss" in kwargs or "optimizer" in kwargs or "metrics" in kwargs):
        tasks.compiled(run, args, kwargs, node.lineno)
    elif name == "add":
        pass


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
