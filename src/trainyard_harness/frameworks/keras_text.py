"""What is patched of Keras' preprocessing: Tokenizer, `pad_sequences`, layers called outside of a model."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.imports import AfterImport

LAYERS = ("TextVectorization", "Normalization", "StringLookup", "IntegerLookup", "Discretization",
          "CategoryEncoding")  # fmt: skip


def install(imports: AfterImport) -> None:
    for keras in ("keras", "tf_keras"):
        imports.add(keras, _layers)
        for module in ("src.legacy.preprocessing.text", "preprocessing.text", "src.preprocessing.text"):
            imports.add(f"{keras}.{module}", _tokenizer)
        for module in ("src.utils.sequence_utils", "utils.data_utils", "src.utils.data_utils"):
            imports.add(f"{keras}.{module}", _padding)


def _tokenizer(module: ModuleType) -> None:
    if not hasattr(module, "Tokenizer"):  # of another version
        return
    original = module.Tokenizer.texts_to_sequences

    @functools.wraps(original)
    def texts_to_sequences(self: Any, texts: Any) -> Any:
        made = original(self, texts)
        sessions.current().prepared("tokens", self, texts, made)
        return made

    module.Tokenizer.texts_to_sequences = texts_to_sequences


def _padding(module: ModuleType) -> None:
    if not hasattr(module, "pad_sequences"):
        return
    original = module.pad_sequences
    signature = inspect.signature(original)

    @functools.wraps(original)
    def pad_sequences(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        options = dict(signature.bind(*args, **kwargs).arguments)
        given = options.pop("sequences")
        # Without a length of its own it is that of the longest, which other samples need not have.
        options["maxlen"] = made.shape[1]
        sessions.current().prepared("padded", options, given, made)
        return made

    module.pad_sequences = pad_sequences  # type: ignore[attr-defined]


def _layers(keras: ModuleType) -> None:
    for name in LAYERS:
        layer = getattr(keras.layers, name, None)
        if layer is not None:
            layer.__call__ = _called(layer.__call__)


def _called(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(self, *args, **kwargs)
        session = sessions.current()
        if not session.depth and hasattr(made, "numpy"):  # no symbol of a model that is being built
            session.prepared("layer", self, args[0] if args else kwargs.get("inputs"), made.numpy())
        return made

    return call
