"""Layers and networks that are constructed: what they say about the family."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trainyard.detect.events import Event
from trainyard.detect.knowledge.names import canonical, last, root
from trainyard.detect.knowledge.networks import LANGUAGE, PRETRAINED, layer_kind
from trainyard.detect.values import (
    UNKNOWN,
    Const,
    Fn,
    Obj,
    Values,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_TRANSFORMER = re.compile(
    r"(?<!Spatial)(Transformer|MultiHead|Multi_?head|GPT|BERT|Bert|ViT(?![a-z])|Encoder_?Decoder|CausalSelf)|Self_?Attention|Attention_?Head"
)


def built(run: Run, known: str, kind: str, kwargs: dict[str, Values], line: int) -> None:
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
    if top in {"torchvision", "timm"}:
        return "weights" in kwargs or "pretrained" in kwargs or "*" in known
    if top == "efficientnet_pytorch":
        return "from_pretrained" in known
    return True


# Libraries that run the methods of an instance by themselves.
_RUNS_METHODS = frozenset({"metaflow", "luigi", "threading", "multiprocessing"})


def _run_all(run: Run, made: Obj) -> None:
    for values in list(made.cls.body.names.values()):
        for method in values:
            if isinstance(method, Fn) and not getattr(method.node, "name", "_").startswith("_"):
                run.call_fn(Fn(method.node, method.scope, made, method.owner), [], {}, made.cls.node)


def subclass_made(
    run: Run, made: Obj, bases: list[str], args: list[Values], kwargs: dict[str, Values], line: int
) -> None:
    """An instance of a local class with library bases was made."""
    for base in bases:
        known = canonical(base)
        kind = layer_kind(known)
        if kind in (PRETRAINED, LANGUAGE):
            built(run, known, kind, kwargs, made.cls.node.lineno)
        if root(known) in _RUNS_METHODS:
            _run_all(run, made)
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
