"""Moves that give a network more to learn with: widths, layers, normalisation. Read-only over a Network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from trainyard.runs.files import Move
from trainyard.tweak.moves import move
from trainyard.tweak.network import CONVOLUTIONS, RECURRENT, Layer, Network

FLOORS = {"conv": 16, "dense": 64, "rnn": 32, "embedding": 16}
"""Widths below which a layer is widened to them in one move: doubling takes too many retrains."""
SMALL_MAP = 400
"""Places of a convolution's output up to which twice the floor costs next to nothing."""
CEILINGS = {"conv": 256, "dense": 1024, "rnn": 256, "embedding": 256}


def family(layer: Layer) -> str:
    if layer.kind in CONVOLUTIONS:
        return "conv"
    if layer.kind in RECURRENT:
        return "rnn"
    return "embedding" if layer.kind == "Embedding" else "dense"


def widths(network: Network, factor: float = 1.0, floors: int = 1) -> dict[str, int]:
    """New widths: `floors` times the floor of the family and `factor` times the present one at least.

    Convolutions double the floor on small maps, and behind others, as maps shrink. Where branches merge all
    layers grow by one factor, so that what is added keeps fitting.
    """
    layers = [one for one in network.hidden if one.width]
    if not layers:
        return {}
    if network.merges:
        needed = max(factor, *(floors * FLOORS[family(one)] / (one.width or 1) for one in layers))
        if needed <= 1:
            return {}
        times = 2 ** math.ceil(math.log2(needed))
        return {one.name: (one.width or 1) * times for one in layers}
    found: dict[str, int] = {}
    first: Layer | None = None
    for one in layers:
        width, kind = one.width or 1, family(one)
        floor = floors * FLOORS[kind]
        if kind == "conv":
            first = first or one
            floor *= (1 if one is first else 2) * (2 if _is_small(first) else 1)
        wanted = min(CEILINGS[kind], max(floor, round(width * factor)))
        if wanted > width:
            found[one.name] = wanted
    return found


def _is_small(convolution: Layer) -> bool:
    places = convolution.shape[1:-1]
    return bool(places) and math.prod(size or math.inf for size in places) <= SMALL_MAP


def widen(network: Network, factor: float = 1.0, floors: int = 1) -> list[Move]:
    wanted = widths(network, factor, floors)
    if not wanted:
        return []
    now = {one.name: one.width for one in network.hidden}
    told = ", ".join(f"{name} {now[name]} to {width}" for name, width in wanted.items())
    return [move("widen", f"widened {told}", layers=wanted)]


def rebuild(
    network: Network, classes: int | None, settings: Mapping[str, Mapping[str, Any]], *, wider: bool = True
) -> list[Move]:
    """Wider layers, and other settings, for a model of a class of the script's own: as the script makes them.

    Which layer answers is not told of such a model: none that could be it is touched.

    Args:
        settings: by layer, what else it is to be made with.
    """
    hidden = {
        one.name: one
        for one in network.hidden
        if one.made_at and one.width not in (1, classes) and one.activation != "softmax"
    }
    wanted = {name: width for name, width in widths(network).items() if wider and name in hidden}
    turns = Counter[tuple[str, ...]]()
    layers, told = [], []
    for one in network.layers:
        changed = dict(settings.get(one.name, {})) if one.made_at else {}
        if one.name in hidden or "activation" not in changed:
            told += [f"{one.name} with {key} {value}" for key, value in changed.items()]
        else:
            del changed["activation"]
        if one.name in wanted or changed:
            known = {"name": one.name, "made_at": list(one.made_at), "turn": turns[one.made_at]}
            known |= {"width": wanted[one.name]} if one.name in wanted else {}
            layers.append({**known, **({"settings": changed} if changed else {})})
        turns[one.made_at] += 1
    if not layers:
        return []
    told = [f"widened {name} {hidden[name].width} to {width}" for name, width in wanted.items()] + told
    return [move("rebuild", f"{', '.join(told)}, where the script makes them", layers=layers)]


def rechained(network: Network) -> list[Move]:
    """Widths at the floors for a PyTorch model whose layers, as the script makes them, are one chain.

    Whether what lies between them keeps the sizes shows when the script runs again.
    """
    chain = sorted((one for one in network.layers if one.turn is not None), key=lambda one: one.turn or 0)
    weighted = [one for one in chain if len(one.sizes) > 1]
    if len(weighted) < 2 or chain[0] is not weighted[0] or chain[-1] is not weighted[-1]:
        return []
    layers, told = [], []
    old = new = weighted[0].sizes[0]
    for one in chain:
        if not old or one.sizes[0] % old or (one.sizes[0] != old and one.kind != "Linear"):
            return []
        sizes = [one.sizes[0] // old * new]
        if len(one.sizes) > 1:
            old = one.sizes[1]
            floor = FLOORS["dense" if one.kind == "Linear" else "conv"]
            new = old if one is weighted[-1] else max(old, floor)
            sizes.append(new)
            told += [f"{one.name} {old} to {new}"] if new > old else []
        if sizes != list(one.sizes):
            layers.append({"name": one.name, "turn": one.turn, "was": list(one.sizes), "sizes": sizes})
    if not told:
        return []
    return [move("rebuild", f"widened {', '.join(told)}, where the script makes them", layers=layers)]


def blocks(network: Network) -> list[Layer]:
    """Behind which layers a block of convolution, activation and normalisation ends, first to last."""
    return [
        one for one in network.of("Conv2D", "SeparableConv2D") if one.name in {h.name for h in network.hidden}
    ]


def normalise(network: Network, momentum: float) -> list[Move]:
    """BatchNormalization behind every hidden dense and convolutional layer that has none yet."""
    if network.of("BatchNormalization") or network.recurrent:
        return []
    names = [one.name for one in network.hidden if family(one) in ("conv", "dense")]
    if not names:
        return []
    return [move("batchnorm", f"normalised behind {', '.join(names)}", after=names, momentum=momentum)]


def second_block(network: Network, momentum: float) -> list[Move]:
    """One more block behind a convolution that stands alone: it sees strokes, and seldom shapes."""
    added = deeper(network, momentum) if len(blocks(network)) == 1 else []
    return [one for one in added if one.kind == "conv_block"]


def deeper(network: Network, momentum: float) -> list[Move]:
    """One more block: a convolution where maps are large enough, else a dense layer before the output."""
    output = network.output
    convolutions = blocks(network)
    if convolutions:
        last = _end_of_maps(network, convolutions[-1])
        if last is not None and len(last.shape) == 4 and min((s or 8) for s in last.shape[1:3]) >= 3:
            widest = widths(network).get(convolutions[-1].name) or convolutions[-1].width or 0
            filters = min(128, 2 * max(widest, FLOORS["conv"]))
            text = f"added a convolution block of {filters} filters behind {last.name}"
            return [move("conv_block", text, after=last.name, filters=filters, momentum=momentum)]
    place = _before_output(network)
    if output is None or place is None or len([x for x in place.shape if x]) > 1:
        return []
    text = f"added a dense layer of 64 units behind {place.name}"
    return [move("dense_block", text, after=place.name, units=64)]


def _end_of_maps(network: Network, last: Layer) -> Layer | None:
    """The last layer that still gives feature maps, so pooling behind the last convolution included."""
    found = None
    behind = False
    for layer in network.layers:
        behind = behind or layer.name == last.name
        if behind and len(layer.shape) == 4:
            found = layer
        elif behind:
            break
    return found


def _before_output(network: Network) -> Layer | None:
    output = network.output
    if output is None or network.layers[-1].name != output.name or len(network.layers) < 2:
        return None
    return network.layers[-2]
