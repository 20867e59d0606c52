"""The moves of a network's architecture, each an edit of its graph (docs/reference/tweaking.md).

Every edit checks itself and raises MoveError where it does not fit, leaving the graph to be thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trainyard_harness.moves.graph import ADDED, CHANNEL, Graph, MoveError, entry, name_of

WIDTH = {
    "Dense": "units",
    "Conv1D": "filters",
    "Conv2D": "filters",
    "Conv3D": "filters",
    "SeparableConv1D": "filters",
    "SeparableConv2D": "filters",
    "LSTM": "units",
    "GRU": "units",
    "SimpleRNN": "units",
    "Embedding": "output_dim",
}
"""Which setting of a layer is its width."""

HEADS = {
    "flatten": ("Flatten", "Flatten", "Flatten"),
    "gap": ("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"),
    "gmp": ("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
}
"""What joins feature maps to the dense part, for one, two and three dimensions."""

IDEMPOTENT = ("relu", "linear")
"""Activations f with f(f(x)) = f(x): after them an identity layer that ends in f changes nothing."""


def apply(graph: Graph, move: dict[str, Any]) -> bool:
    """Applies one move; returns False where its kind is not one of architecture.

    Raises:
        MoveError: it does not fit this model.
    """
    edit = EDITS.get(move["kind"])
    if edit is None:
        return False
    edit(graph, **move["args"])
    return True


def widen(graph: Graph, layers: dict[str, int]) -> None:
    """Gives layers more units, filters or dimensions. Preserves the function when weights are inherited."""
    for name, width in layers.items():
        if name in graph.outputs():
            raise MoveError(f"layer {name!r} is an output: its width is the number of answers")
        for found in _inner(graph.layer(name)):
            setting = WIDTH.get(found["class_name"])
            if setting is None:
                raise MoveError(f"layer {name!r} ({found['class_name']}) has no width")
            if found["config"].get("groups", 1) != 1:
                raise MoveError(f"layer {name!r} works in groups")
            if width < found["config"][setting]:
                raise MoveError(f"layer {name!r} is {found['config'][setting]} wide already")
            found["config"][setting] = int(width)


def narrow(graph: Graph, layers: dict[str, int]) -> None:
    """The inverse of `widen`: the widths that the layers had. Starts from scratch."""
    for name, width in layers.items():
        for found in _inner(graph.layer(name)):
            setting = WIDTH.get(found["class_name"])
            if setting is None or name in graph.outputs() or width < 1:
                raise MoveError(f"layer {name!r} can't be made narrower")
            found["config"][setting] = int(width)


def deepen(graph: Graph, after: str, like: str | None = None) -> None:
    """Adds a layer that starts as the identity. Preserves the function after relu and linear activations."""
    model = graph.layer(like or after)
    kind, config = model["class_name"], model["config"]
    if name_of(graph.layer(after)) in graph.outputs():
        raise MoveError(f"layer {after!r} is an output")
    activation = config.get("activation")
    if kind not in ("Dense", "Conv1D", "Conv2D") or config.get("data_format") == "channels_first":
        raise MoveError(f"layer {after!r} ({kind}) can't be repeated as an identity")
    if activation not in IDEMPOTENT and like is None:
        raise MoveError(f"layer {after!r} ends in {activation}, after which no identity layer exists")
    name = _fresh(graph, f"{ADDED}identity_{after}")
    extra: dict[str, Any] = {"activation": "relu"}
    if kind == "Dense":
        extra["units"] = config["units"]
    else:
        size = [value if value % 2 else value + 1 for value in config["kernel_size"]]
        extra |= {"filters": config["filters"], "kernel_size": size, "padding": "same"}
    if activation == "linear" and like is None:
        extra["activation"] = "linear"
    graph.insert_after(after, entry(kind, name, **extra))


def dense_block(graph: Graph, after: str, units: int, activation: str = "relu", rate: float = 0.0) -> None:
    """Adds a dense layer, with dropout behind it where `rate` is over 0. Starts from scratch there."""
    name = _fresh(graph, f"{ADDED}dense_{after}")
    if rate:
        graph.insert_after(after, entry("Dropout", f"{name}_dropout", rate=rate))
    graph.insert_after(
        after,
        entry("Dense", name, units=units, activation=activation, kernel_initializer=_initializer(activation)),
    )


def conv_block(
    graph: Graph, after: str, filters: int, pool: bool = False, momentum: float = 0.9, rank: int = 2
) -> None:
    """Adds a convolution of size 3, BatchNormalization, relu and, if asked, pooling. Starts from scratch.

    `rank` is 2 for images, 1 for sequences.
    """
    name = _fresh(graph, f"{ADDED}conv_{after}")
    for layer in reversed(_block(name, filters, 3, momentum, rank)[: None if pool else -1]):
        graph.insert_after(after, layer)


def convolve(
    graph: Graph,
    filters: list[int],
    reshape: list[int] | None = None,
    momentum: float = 0.9,
    rank: int = 2,
    size: int = 3,
) -> None:
    """Puts convolution blocks with pooling in front of a network that flattens. Starts from scratch.

    `rank` is 2 for images, 1 for sequences. `reshape` gives images without a channel axis one.
    """
    if any(layer["class_name"].startswith("Conv") for layer in graph.layers):
        raise MoveError("there are convolutions already")
    for place, count in reversed(list(enumerate(filters))):
        for layer in reversed(_block(f"{ADDED}conv_input_{place}", count, size, momentum, rank)):
            _at_input(graph, layer)
    if reshape:
        _at_input(graph, entry("Reshape", CHANNEL, target_shape=reshape))


def _block(name: str, filters: int, size: int, momentum: float, rank: int) -> list[dict[str, Any]]:
    """Convolution, BatchNormalization, relu, pooling by 2."""
    kernel = {"kernel_size": [size] * rank, "padding": "same", "use_bias": False}
    return [
        entry(f"Conv{rank}D", name, filters=filters, **kernel),
        entry("BatchNormalization", f"{name}_bn", momentum=momentum),
        entry("Activation", f"{name}_relu", activation="relu"),
        entry(f"MaxPooling{rank}D", f"{name}_pool", pool_size=[2] * rank, padding="same"),
    ]


def batchnorm(graph: Graph, after: list[str], momentum: float = 0.9) -> None:
    """Adds BatchNormalization behind layers. Preserves the function of inference, not of training."""
    for name in after:
        if name in graph.outputs():
            raise MoveError(f"layer {name!r} is an output")
        graph.insert_after(name, entry("BatchNormalization", f"{ADDED}bn_{name}", momentum=momentum))


def input_batchnorm(graph: Graph, momentum: float = 0.9) -> None:
    """Normalises the inputs by BatchNormalization in front of the first layer. Starts from scratch."""
    layer = entry("BatchNormalization", f"{ADDED}bn_input", momentum=momentum, scale=False, center=False)
    _at_input(graph, layer)


def bn_momentum(graph: Graph, momentum: float, layers: list[str] | None = None) -> None:
    """Sets the momentum of every BatchNormalization, or of `layers`, to settle within few epochs."""
    found = [
        layer
        for layer in graph.layers
        if layer["class_name"] == "BatchNormalization" and (layers is None or name_of(layer) in layers)
    ]
    if not found:
        raise MoveError("there is no BatchNormalization")
    for layer in found:
        layer["config"]["momentum"] = momentum


def dropout(graph: Graph, layers: dict[str, float]) -> None:
    """Sets the rate of a Dropout layer, or adds one behind a layer. Preserves the function of inference."""
    for name, rate in layers.items():
        if not 0 <= rate < 1:
            raise MoveError(f"a dropout of {rate} keeps nothing")
        layer = graph.layer(name)
        following = [graph.layer(other) for other in graph.fed_by(name)]
        existing = [one for one in [layer, *following] if one["class_name"].endswith("Dropout")]
        if existing:
            existing[0]["config"]["rate"] = rate
        elif name in graph.outputs():
            raise MoveError(f"layer {name!r} is an output")
        else:
            graph.insert_after(name, entry("Dropout", f"{ADDED}dropout_{name}", rate=rate))


def penalise(graph: Graph, layers: dict[str, float | None]) -> None:
    """Adds the size of layers' weights to the loss (L1). Preserves the function of inference."""
    for name, factor in layers.items():
        config = graph.layer(name)["config"]
        if "kernel_regularizer" not in config or (factor is not None and factor <= 0):
            raise MoveError(f"layer {name!r} can't be penalised by {factor}")
        l1 = {
            "module": "keras.regularizers",
            "class_name": "L1",
            "config": {"l1": factor},
            "registered_name": None,
        }
        config["kernel_regularizer"] = None if factor is None else l1


def initializer(graph: Graph, layers: dict[str, str]) -> None:
    """Gives layers other initial weights. Starts from scratch there."""
    for name, function in layers.items():
        for found in _inner(graph.layer(name)):
            keys = [key for key in ("kernel_initializer", "embeddings_initializer") if key in found["config"]]
            if not keys:
                raise MoveError(f"layer {name!r} has no initial weights to choose")
            found["config"][keys[0]] = function


def trainable(graph: Graph, layers: dict[str, bool]) -> None:
    """Lets layers, and what they are made of, learn or not. Preserves the function."""
    for name, learns in layers.items():
        waiting = [graph.layer(name)]
        while waiting:
            config = waiting.pop()["config"]
            if "trainable" in config:  # inputs have none
                config["trainable"] = learns
            waiting += [one for one in config.get("layers", []) if isinstance(one, dict)]


def finer(graph: Graph, layers: dict[str, int]) -> None:
    """Sets the step of pooling layers and convolutions, in places per direction. Starts from scratch."""
    for name, size in layers.items():
        config = graph.layer(name)["config"]
        kinds = [key for key in ("pool_size", "strides") if key in config]
        if not kinds:
            raise MoveError(f"layer {name!r} takes no steps")
        for key in kinds:
            rank = len(config[kinds[0]]) if isinstance(config[kinds[0]], list | tuple) else 1
            config[key] = [size] * rank


def head(graph: Graph, layer: str, to: str) -> None:
    """Joins maps to the dense part another way: `flatten`, `gap` or `gmp`. Starts from scratch there."""
    old = graph.layer(layer)
    rank = next(
        (rank for kinds in HEADS.values() for rank in range(3) if old["class_name"] == kinds[rank]), None
    )
    if rank is None:
        raise MoveError(f"layer {layer!r} ({old['class_name']}) is not a head")
    if old["class_name"] == "Flatten":
        rank = _rank_before(graph, layer)
    graph.replace(layer, entry(HEADS[to][rank], f"{ADDED}{to}_{layer}"))


def activation(graph: Graph, layers: dict[str, str]) -> None:
    """Changes what layers end in. Starts from scratch."""
    for name, function in layers.items():
        found = graph.layer(name)
        if "activation" not in found["config"] or name in graph.outputs():
            raise MoveError(f"the activation of layer {name!r} can't be changed")
        found["config"]["activation"] = function
        if function == "relu" and "kernel_initializer" in found["config"]:
            found["config"]["kernel_initializer"] = "he_normal"


def augment(graph: Graph, layers: list[list[Any]], after: str | None = None) -> None:
    """Adds random changes of the inputs that act in training only: `[class name, settings]` each.

    They go in front, or behind the layer `after` (CHANNEL).
    """
    for place, (class_name, settings) in reversed(list(enumerate(layers))):
        layer = entry(class_name, f"{ADDED}augment_{place}", **settings)
        if after is None:
            _at_input(graph, layer)
        else:
            graph.insert_after(after, layer)


def remove(graph: Graph, layers: list[str]) -> None:
    """Takes layers out that only get in the way (a bottleneck); the inverse of every added layer."""
    for name in layers:
        if name in graph.outputs():
            raise MoveError(f"layer {name!r} is an output")
        graph.remove(name)


EDITS: dict[str, Callable[..., None]] = {
    edit.__name__: edit
    for edit in (
        widen,
        narrow,
        deepen,
        dense_block,
        conv_block,
        convolve,
        batchnorm,
        input_batchnorm,
        bn_momentum,
        dropout,
        penalise,
        initializer,
        trainable,
        finer,
        head,
        activation,
        augment,
        remove,
    )
}


def _inner(layer: dict[str, Any]) -> list[dict[str, Any]]:
    """The layer itself; of Bidirectional and TimeDistributed the ones inside, forward and backward."""
    if layer["class_name"] in ("Bidirectional", "TimeDistributed"):
        inside = [layer["config"].get("layer"), layer["config"].get("backward_layer")]
        return [found for one in inside if one is not None for found in _inner(one)]
    return [layer]


def _at_input(graph: Graph, layer: dict[str, Any]) -> None:
    inputs = [name_of(one) for one in graph.layers if one["class_name"] == "InputLayer"]
    if len(inputs) > 1:
        raise MoveError("the model has several inputs")
    if inputs:
        graph.insert_after(inputs[0], layer)
    elif graph.sequential:
        graph.layers.insert(0, layer)
    else:
        raise MoveError("the model has no input layer")


def _fresh(graph: Graph, stem: str) -> str:
    taken, number = graph.names(), 1
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def _initializer(function: str) -> str:
    return "he_normal" if function == "relu" else "glorot_uniform"


def _rank_before(graph: Graph, name: str) -> int:
    """Dimensions of the maps that reach a layer, minus one, told by the nearest layer that names them."""
    seen = name
    while True:
        feeders = graph.inputs_of(seen)
        if not feeders:
            raise MoveError(f"what reaches layer {name!r} has no known shape")
        seen = feeders[0]
        kind = graph.layer(seen)["class_name"]
        for rank in (1, 2, 3):
            if kind.endswith(f"{rank}D"):
                return rank - 1
        if kind in ("LSTM", "GRU", "SimpleRNN", "Embedding", "Bidirectional"):
            return 0
