"""Names of older Keras 2 that the oldest TensorFlow for this Python has lost: thin aliases.

Nothing is emulated: each name is the one that it was renamed to.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_LAYERS = (
    "embeddings", "recurrent", "advanced_activations", "merge", "wrappers", "local", "cudnn_recurrent",
    "convolutional_recurrent", "noise", "core", "convolutional", "pooling",
)  # fmt: skip
ALIASES = {
    **{f"keras.layers.{name}": ("keras.layers",) for name in _LAYERS},
    "keras.engine.topology": ("keras.layers", "keras.engine.base_layer", "keras.utils"),
    "keras.objectives": ("keras.losses",),
    "keras.initializations": ("keras.initializers",),
    "keras_preprocessing": ("keras.preprocessing",),
    "keras_preprocessing.image": ("keras.preprocessing.image",),
    "keras_preprocessing.sequence": ("keras.preprocessing.sequence",),
    "keras_preprocessing.text": ("keras.preprocessing.text",),
}
"""Lost modules, and where their names are now."""


class _Aliases(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder: asked only for what nothing else has found."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in ALIASES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name == "keras_preprocessing")

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        homes = [importlib.import_module(home) for home in ALIASES[module.__name__]]

        def find(name: str) -> Any:
            for home in homes:
                if hasattr(home, name):
                    return getattr(home, name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__getattr__ = find  # type: ignore[method-assign]


def add(keras: ModuleType) -> None:
    """Adds the lost names to this Keras 2."""
    sys.meta_path.append(_Aliases())
    for home, name, value in (
        ("keras.layers.normalization", "BatchNormalization", keras.layers.BatchNormalization),
        ("keras.engine", "Layer", keras.layers.Layer),
        ("keras.engine", "InputSpec", keras.layers.InputSpec),
    ):
        module = importlib.import_module(home)
        if not hasattr(module, name):
            setattr(module, name, value)
    if not hasattr(keras.Sequential, "predict_classes"):
        keras.Sequential.predict_classes = _predict_classes
        keras.Sequential.predict_proba = lambda self, x, **options: self.predict(x, **options)


def _predict_classes(self: Any, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
    scores = self.predict(x, batch_size=batch_size, verbose=verbose)
    return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")
