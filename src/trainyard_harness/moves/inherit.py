"""One model's weights for another that is a wider or deeper form of it (Net2Net: Chen et al. 2016).

Widening is zero-outgoing: units that are new compute something of their own, but what they feed starts
with weight zero on them, so the larger network computes what the smaller one did, and learns on from there.
To know which inputs of a layer are new, every layer's output carries an *origin*: for each channel, the
channel of the old network that it equals, or -1.
"""

from __future__ import annotations

from typing import Any

from trainyard_harness.moves.graph import ADDED, Graph

PASSING = (
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "PReLU",
    "Softmax",
    "InputLayer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "Cropping1D",
    "Cropping2D",
    "UpSampling1D",
    "UpSampling2D",
    "Masking",
    "RandomFlip",
    "RandomTranslation",
    "RandomRotation",
    "RandomZoom",
    "RandomContrast",
    "Rescaling",
)
"""Layers whose output channels are their input channels, one by one."""

MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}

Origin = list[int] | None
"""For each output channel the old channel it equals, or -1; None where it is not known."""


def inherit(new: Any, old: Any, graph: Graph) -> list[str]:
    """Copies the weights of `old` into `new`, enlarging them where a layer grew.

    Args:
        new, old: built Keras models; layers correspond by name.
        graph: the graph of `new`.

    Returns:
        Names of the layers that inherited weights.
    """
    return _Transfer(new, old, graph).run()


class _Transfer:
    def __init__(self, new: Any, old: Any, graph: Graph) -> None:
        self.new, self.old, self.graph = new, old, graph
        self.origins: dict[str, Origin] = {}
        self.old_layers = {layer.name: layer for layer in old.layers}
        self.done: list[str] = []

    def run(self) -> list[str]:
        for layer in self.new.layers:
            names = self.graph.inputs_of(layer.name)
            feeders = [self.origins.get(name) for name in names]
            origin = feeders[0] if len(feeders) == 1 else None
            if not names or (len(names) == 1 and names[0] not in self.origins):
                # An InputLayer, or the first layer of a Sequential model, whose list of layers leaves it out.
                side = "output" if type(layer).__name__ == "InputLayer" else "input"
                origin = list(range(_channels(getattr(layer, side, None))))
            self.origins[layer.name] = self._layer(layer, origin, feeders)
        return self.done

    def _layer(self, layer: Any, origin: Origin, feeders: list[Origin]) -> Origin:
        kind = type(layer).__name__
        old = self.old_layers.get(layer.name)
        if kind in PASSING and not layer.weights:
            return origin
        if kind in MERGING:
            return feeders[0] if feeders and all(one == feeders[0] for one in feeders) else None
        if kind in ("Concatenate", "Flatten"):
            return (
                self._concatenate(layer, feeders) if kind == "Concatenate" else self._flatten(layer, origin)
            )
        if old is None and layer.name.startswith(ADDED):
            return _start_as_identity(layer, origin)
        if old is None or type(old).__name__ != kind:
            return None
        return self._weights(layer, old, origin)

    def _weights(self, layer: Any, old: Any, origin: Origin) -> Origin:
        import numpy as np

        kind = type(layer).__name__
        fresh, known = layer.get_weights(), old.get_weights()
        if [w.shape for w in fresh] == [w.shape for w in known] and _is_identity(origin):
            layer.set_weights(known)
            if known:
                self.done.append(layer.name)
            return list(range(_channels(layer.output if hasattr(layer, "output") else None)))
        if origin is None:
            return None
        rows = np.asarray(origin)
        if kind in ("Dense", "Conv1D", "Conv2D", "Conv3D") and getattr(layer, "groups", 1) == 1:
            found = _kernel(fresh, known, rows)
        elif kind == "BatchNormalization":
            found = [_vector(f, k, rows) for f, k in zip(fresh, known, strict=True)], origin
        elif kind == "Embedding":
            found = _columns(fresh, known)
        elif kind in GATES:
            found = _recurrent(fresh, known, rows, GATES[kind])
        elif kind == "Bidirectional":
            found = _bidirectional(layer, fresh, known, rows)
        else:
            return None
        if found is None:
            return None
        layer.set_weights(found[0])
        self.done.append(layer.name)
        return found[1]

    def _concatenate(self, layer: Any, feeders: list[Origin]) -> Origin:
        old = self.old_layers.get(layer.name)
        if old is None or any(one is None for one in feeders):
            return None
        joined: list[int] = []
        offset = 0
        shapes = [tensor.shape for tensor in old.input]
        for one, shape in zip(feeders, shapes, strict=True):
            joined += [value + offset if value >= 0 else -1 for value in one or []]
            offset += int(shape[-1])
        return joined

    def _flatten(self, layer: Any, origin: Origin) -> Origin:
        old = self.old_layers.get(layer.name)
        if origin is None or old is None:
            return None
        before, now = _channels(old.input), _channels(layer.input)
        places = _channels(layer.output) // now
        return [p * before + c if c >= 0 else -1 for p in range(places) for c in origin]


def _kernel(fresh: list[Any], known: list[Any], rows: Any) -> tuple[list[Any], Origin] | None:
    """Kernel [..., in, out] and bias [out]: old where old meets old, zero from new inputs to old outputs."""
    kernel, old = fresh[0].copy(), known[0]
    outs = old.shape[-1]
    if kernel.shape[:-2] != old.shape[:-2] or kernel.shape[-1] < outs or len(rows) != kernel.shape[-2]:
        return None
    kernel[..., rows < 0, :outs] = 0
    kernel[..., rows >= 0, :outs] = old[..., rows[rows >= 0], :]
    found = [kernel]
    if len(fresh) > 1:
        bias = fresh[1].copy()
        bias[:outs] = known[1]
        found.append(bias)
    return found, [*range(outs), *[-1] * (kernel.shape[-1] - outs)]


def _columns(fresh: list[Any], known: list[Any]) -> tuple[list[Any], Origin] | None:
    table, old = fresh[0].copy(), known[0]
    if table.shape[0] != old.shape[0] or table.shape[1] < old.shape[1]:
        return None
    table[:, : old.shape[1]] = old
    return [table], [*range(old.shape[1]), *[-1] * (table.shape[1] - old.shape[1])]


def _recurrent(fresh: list[Any], known: list[Any], rows: Any, gates: int) -> tuple[list[Any], Origin] | None:
    """Kernel [in, gates * units], recurrent kernel [units, gates * units], bias [..., gates * units]."""
    import numpy as np

    units, before = fresh[1].shape[0], known[1].shape[0]
    if units < before or len(rows) != fresh[0].shape[0]:
        return None
    found = [one.copy() for one in fresh]
    for gate in range(gates):
        to = slice(gate * units, gate * units + before)
        source = slice(gate * before, (gate + 1) * before)
        found[0][rows < 0, to] = 0
        found[0][rows >= 0, to] = known[0][rows[rows >= 0], source]
        found[1][before:, to] = 0
        found[1][:before, to] = known[1][:, source]
        if len(fresh) > 2:
            found[2][..., to] = known[2][..., source]
    return found, [*range(before), *[-1] * int(np.subtract(units, before))]


def _bidirectional(
    layer: Any, fresh: list[Any], known: list[Any], rows: Any
) -> tuple[list[Any], Origin] | None:
    gates = GATES.get(type(layer.forward_layer).__name__)
    if gates is None or getattr(layer, "merge_mode", "concat") != "concat":
        return None
    half = len(fresh) // 2
    forward = _recurrent(fresh[:half], known[:half], rows, gates)
    backward = _recurrent(fresh[half:], known[half:], rows, gates)
    if forward is None or backward is None or forward[1] is None or backward[1] is None:
        return None
    width = sum(1 for one in forward[1] if one >= 0)
    return forward[0] + backward[0], [*forward[1], *(one + width if one >= 0 else -1 for one in backward[1])]


def _vector(fresh: Any, known: Any, rows: Any) -> Any:
    if len(rows) != len(fresh):
        return fresh
    found = fresh.copy()
    found[rows >= 0] = known[rows[rows >= 0]]
    return found


def _start_as_identity(layer: Any, origin: Origin) -> Origin:
    """Sets a layer that a move added so that it passes on what it gets; returns None where it can't."""
    import numpy as np

    kind = type(layer).__name__
    if kind == "BatchNormalization":
        if getattr(layer, "scale", False):
            weights = layer.get_weights()
            weights[0] = np.sqrt(weights[-1] + layer.epsilon).astype(weights[0].dtype)
            layer.set_weights(weights)
            return origin
        return None
    if not layer.name.startswith(f"{ADDED}identity_"):
        return None
    weights = [np.zeros_like(one) for one in layer.get_weights()]
    kernel = weights[0]
    middle = tuple(size // 2 for size in kernel.shape[:-2])
    kernel[middle] = np.eye(kernel.shape[-2], kernel.shape[-1], dtype=kernel.dtype)
    layer.set_weights(weights)
    return origin


def _is_identity(origin: Origin) -> bool:
    return origin is not None and origin == list(range(len(origin)))


def _channels(tensor: Any) -> int:
    """Size of a tensor's last axis; 0 where it has none or it is open."""
    tensor = tensor[0] if isinstance(tensor, list | tuple) and tensor else tensor
    shape = getattr(tensor, "shape", None)
    return int(shape[-1]) if shape is not None and len(shape) and shape[-1] is not None else 0
