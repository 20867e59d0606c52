"""Layers, optimizers and their settings as source text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainyard.patch.names import of_keras
from trainyard.patch.source import Source, UnpatchableError

_LAYER = {"activation": "linear", "use_bias": True, "kernel_initializer": "glorot_uniform"}
_CONVOLUTION = {**_LAYER, "strides": 1, "padding": "valid"}
_POOLING = {"strides": None, "padding": "valid"}
_RANDOM = {"fill_mode": "reflect", "interpolation": "bilinear", "fill_value": 0.0}
LAYERS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "Dense": (("units",), _LAYER),
    "Conv1D": (("filters", "kernel_size"), _CONVOLUTION),
    "Conv2D": (("filters", "kernel_size"), _CONVOLUTION),
    "SeparableConv2D": (
        ("filters", "kernel_size"),
        {"strides": 1, "padding": "valid", "activation": "linear"},
    ),
    "LSTM": (("units",), {"return_sequences": False, "dropout": 0.0}),
    "GRU": (("units",), {"return_sequences": False, "dropout": 0.0}),
    "BatchNormalization": ((), {"momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True}),
    "LayerNormalization": ((), {"epsilon": 0.001, "center": True, "scale": True}),
    "Activation": (("activation",), {}),
    "ReLU": ((), {}),
    "Dropout": (("rate",), {}),
    "SpatialDropout1D": (("rate",), {}),
    "SpatialDropout2D": (("rate",), {}),
    "GaussianNoise": (("stddev",), {}),
    "Flatten": ((), {}),
    "Reshape": (("target_shape",), {}),
    "Rescaling": (("scale",), {"offset": 0.0}),
    "MaxPooling1D": (("pool_size",), _POOLING),
    "MaxPooling2D": (("pool_size",), _POOLING),
    "AveragePooling2D": (("pool_size",), _POOLING),
    "GlobalAveragePooling1D": ((), {}),
    "GlobalAveragePooling2D": ((), {"keepdims": False}),
    "GlobalAveragePooling3D": ((), {"keepdims": False}),
    "GlobalMaxPooling1D": ((), {}),
    "GlobalMaxPooling2D": ((), {"keepdims": False}),
    "GlobalMaxPooling3D": ((), {"keepdims": False}),
    "RandomTranslation": (("height_factor", "width_factor"), _RANDOM),
    "RandomRotation": (("factor",), _RANDOM),
    "RandomZoom": (("height_factor",), {"width_factor": None, **_RANDOM}),
    "RandomFlip": ((), {"mode": "horizontal_and_vertical"}),
    "RandomContrast": (("factor",), {}),
}
"""Layers that a patch may add: what is always written, and what where it is not Keras' default."""

_POOLED = ("pool_size", "strides", "padding")
POSITIONS: dict[str, tuple[str, ...]] = {
    "Dense": ("units", "activation", "use_bias", "kernel_initializer"),
    "Conv1D": ("filters", "kernel_size", "strides", "padding"),
    "Conv2D": ("filters", "kernel_size", "strides", "padding"),
    "Conv3D": ("filters", "kernel_size", "strides", "padding"),
    "SeparableConv1D": ("filters", "kernel_size", "strides", "padding"),
    "SeparableConv2D": ("filters", "kernel_size", "strides", "padding"),
    "LSTM": ("units", "activation"),
    "GRU": ("units", "activation"),
    "SimpleRNN": ("units", "activation"),
    "Embedding": ("input_dim", "output_dim"),
    "MaxPooling1D": _POOLED,
    "MaxPooling2D": _POOLED,
    "MaxPooling3D": _POOLED,
    "AveragePooling1D": _POOLED,
    "AveragePooling2D": _POOLED,
    "AveragePooling3D": _POOLED,
    "Dropout": ("rate",),
    "SpatialDropout1D": ("rate",),
    "SpatialDropout2D": ("rate",),
    "Activation": ("activation",),
    "BatchNormalization": ("axis", "momentum"),
}
"""Settings that scripts may give by position."""

_INITIALIZERS = {
    "GlorotUniform": "glorot_uniform",
    "GlorotNormal": "glorot_normal",
    "HeNormal": "he_normal",
    "HeUniform": "he_uniform",
    "LecunNormal": "lecun_normal",
    "Orthogonal": "orthogonal",
    "Zeros": "zeros",
    "Ones": "ones",
}


def value(source: Source, found: Any) -> str:
    """A setting's value as source text.

    Raises:
        UnpatchableError: it is no plain value (a serialised object that has no short name).
    """
    if isinstance(found, Mapping) and found.get("class_name") == "L1":
        return f"{of_keras(source, 'regularizers', 'L1')}({value(source, found['config']['l1'])})"
    if isinstance(found, Mapping):
        if (name := _INITIALIZERS.get(str(found.get("class_name")))) is None:
            raise UnpatchableError(f"a setting of class {found.get('class_name')} can't be written out")
        return source.quoted(name)
    if isinstance(found, str):
        return source.quoted(found)
    if isinstance(found, bool) or found is None or isinstance(found, int):
        return repr(found)
    if isinstance(found, float):
        return repr(float(f"{found:.6g}"))
    if isinstance(found, list | tuple):
        inside = ", ".join(value(source, one) for one in found)
        return f"({inside},)" if len(found) == 1 else f"({inside})"
    raise UnpatchableError("a setting is no plain value")


def made(source: Source, name: str, kind: str, config: Mapping[str, Any]) -> str:
    """The call that makes a layer: `name` is how the file calls the class `kind`.

    Raises:
        UnpatchableError: the class is none of LAYERS, or a setting can't be written.
    """
    if kind not in LAYERS:
        raise UnpatchableError(f"a layer of class {kind} is not one that a patch adds")
    first, optional = LAYERS[kind]
    parts = [value(source, config.get(key)) for key in first]
    for key, default in optional.items():
        found = config.get(key, default)
        if not _is_default(key, found, default, config):
            parts.append(f"{key}={value(source, found)}")
    return f"{name}({', '.join(parts)})"


def steps_by_size(strides: Any, config: Mapping[str, Any]) -> bool:
    """Whether a pooling layer's steps are those that Keras takes by itself, its size."""
    return strides is None or strides == config.get("pool_size")


def _is_default(key: str, found: Any, default: Any, config: Mapping[str, Any]) -> bool:
    if isinstance(found, Mapping) and isinstance(default, str):
        found = _INITIALIZERS.get(str(found.get("class_name")), found)
    if key == "strides":
        if default is None:
            return steps_by_size(found, config)
        found = 1 if isinstance(found, list) and set(found) == {1} else found
    return bool(found == default)
