"""What a training costs without a clock: multiplications, from the layers of architecture.json."""

from __future__ import annotations

import math
from typing import Any


def multiplications(layers: list[dict[str, Any]]) -> float:
    """Multiply-adds of one sample's way forward; training takes about three times that.

    Each weight of a convolution is used at every place of its output, of a recurrent layer at every step.
    """
    total, steps = 0.0, 1
    for layer in layers:
        shape = [one for one in layer.get("output_shape") or [] if one]
        weights, kind = layer.get("params") or 0, layer["class_name"]
        if "Conv" in kind:
            total += weights * math.prod(shape[:-1])
        elif kind in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
            total += weights * steps
        elif kind == "Embedding":
            total += math.prod(shape)
        else:
            total += weights
        steps = shape[0] if len(shape) == 2 else steps
    return total
