"""Mistakes that no architecture mends: an output layer, a loss and labels that don't go together. Pure.

Asked by the harness before the first step, by detection of code alone, by the diagnosis of a trial's files.
Standard library only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RANGES = {
    "sigmoid": (0, 1),
    "softmax": (0, 1),
    "tanh": (-1, 1),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0, math.inf)),
}
"""What a last layer's function answers between."""
NO_PROBABILITIES = (
    "",
    "linear",
    "tanh",
    "softsign",
    "elu",
    "selu",
    "gelu",
    "silu",
    "swish",
    "leaky_relu",
    "softplus",
)
"""Functions whose answers a cross-entropy can't take for probabilities; what isn't known is left alone."""
BEYOND = 0.1
"""Part of the labels' range that has to lie beyond what a function without an upper end answers."""


@dataclass(frozen=True)
class Head:
    """A network's last dense layer and what it is trained with.

    Attributes:
        units: its width; None where it does not show.
        loss: in Keras' snake case, lower case (`sparse_categorical_crossentropy`).
        from_logits: whether the loss applies softmax or sigmoid itself; None where it does not show.
        accuracy: whether accuracy is among the metrics.
        layer: its class; a convolution where there is an answer for each place.
    """

    units: int | None
    activation: str
    loss: str
    from_logits: bool | None = None
    accuracy: bool = False
    layer: str = "Dense"


@dataclass(frozen=True)
class Labels:
    """What the labels are.

    Attributes:
        classes: distinct ones; None where they are numbers, or unknown.
        width: numbers per sample; 1 for plain labels, None where it is not known.
        low, high: the smallest and the largest label; None for text and where they are not known.
        numbers: whether they are continuous.
        text: whether they are text.
        single: whether the numbers of each row add up to 1, as those of one class or of shares do.
    """

    classes: int | None = None
    width: int | None = None
    low: float | None = None
    high: float | None = None
    numbers: bool = False
    text: bool = False
    single: bool = True


@dataclass(frozen=True)
class Mistake:
    """One sentence for a person; `hopeless` where no change of architecture or training can mend it."""

    sentence: str
    hopeless: bool


def of_network(head: Head, labels: Labels | None = None) -> list[Mistake]:
    """What is wrong with them, the worst first.

    Args:
        labels: None where only the code is known.
    """
    found = [Mistake(one, True) for one in (*_of_head(head), *(_of_labels(head, labels) if labels else ()))]
    return found or [Mistake(one, False) for one in _doubtful(head, labels)]


def _said(head: Head) -> str:
    units = "?" if head.units is None else head.units
    return f"The last layer is {head.layer}({units}, {head.activation or 'linear'}) with loss {head.loss}"


def _of_head(head: Head) -> list[str]:
    units, function, loss, said = head.units, head.activation, head.loss, _said(head)
    found = []
    if units == 1 and function == "softmax":
        found.append(f"{said}: softmax over one unit always answers 1. Use sigmoid, or one unit per class.")
    elif units == 1 and "categorical_crossentropy" in loss:
        found.append(f"{said}: categorical cross-entropy needs one unit per class.")
    if function == "relu" and "crossentropy" in loss:
        found.append(f"{said}: relu gives no probabilities. Use softmax or sigmoid.")
    if function in NO_PROBABILITIES and "crossentropy" in loss and head.from_logits is False:
        found.append(
            f"{said}: the loss takes probabilities. Use softmax or sigmoid, or a loss with from_logits=True."
        )
    return found


def _of_labels(head: Head, labels: Labels) -> list[str]:
    said = _said(head)
    if labels.text:
        return [f"{said}, but the labels are text: encode them as numbers."]
    if labels.numbers and "crossentropy" in head.loss and not _are_shares(head, labels):
        return [f"{said}, but the labels are continuous: use a regression loss."]
    if labels.numbers and "crossentropy" not in head.loss:
        return _of_width(head, labels.width) or _of_range(head, labels)
    found = _of_rows(head, labels) or _of_count(head, labels.classes, labels.width)
    return found or _of_width(head, labels.width) or _of_values(head, labels) or _of_range(head, labels)


def _of_rows(head: Head, labels: Labels) -> list[str]:
    """One label for each sample, or one for each class."""
    said, width = _said(head), labels.width or 1
    if "categorical_crossentropy" not in head.loss:
        return []
    if "sparse" in head.loss:
        plain = f"{said}, but the labels are rows of {width} numbers. Use categorical_crossentropy."
        return [plain] if width > 1 else []
    if labels.width == 1 and (head.units or 0) > 1:
        return [f"{said}, but the labels are one number each. Use sparse_categorical_crossentropy."]
    if width > 1 and not labels.single:
        return [
            f"{said}, but the labels are rows that don't add up to 1: softmax chooses one class. For several "
            "at once use sigmoid with binary_crossentropy."
        ]
    return []


def _are_shares(head: Head, labels: Labels) -> bool:
    """Whether continuous labels are what a cross-entropy takes as well: probabilities."""
    if labels.low is None or labels.high is None or labels.low < 0 or labels.high > 1:
        return False
    return "binary_crossentropy" in head.loss or ("sparse" not in head.loss and (labels.width or 1) > 1)


def _of_count(head: Head, classes: int | None, width: int | None) -> list[str]:
    units, loss, said = head.units, head.loss, _said(head)
    answers = "crossentropy" in loss or "hinge" in loss or head.accuracy
    if classes is not None and classes > 2 and units is not None:
        if units == 1 and answers:
            return [f"{said}, but the labels have {classes} classes: one unit tells two apart at most."]
        if "categorical_crossentropy" in loss and 1 < units < classes:
            return [f"{said}, but the labels have {classes} classes: {classes - units} can't be answered."]
        if "binary_crossentropy" in loss and head.activation == "softmax" and units != classes:
            return [f"{said}, but the labels have {classes} classes."]
    if width is not None and units is not None and "crossentropy" in loss and "sparse" not in loss:
        if width > 1 and width != units:
            return [f"{said}, but the labels are rows of {width} numbers: as many units are needed."]
        if width == 1 and units > 1 and "binary_crossentropy" in loss:
            return [f"{said}, but the labels are one number each. Use one unit, or one label per unit."]
    return []


def _of_width(head: Head, width: int | None) -> list[str]:
    """Numbers, of which the labels have more or fewer than the network answers."""
    units, said = head.units, _said(head)
    if width is None or units is None or not _learns_numbers(head.loss):
        return []
    if width == 1 and units > 1:
        return [f"{said}, but the labels are one number each, with which all {units} answers are compared."]
    if width > 1 and width != units:
        return [f"{said}, but the labels are rows of {width} numbers: as many units are needed."]
    return []


def _of_values(head: Head, labels: Labels) -> list[str]:
    said, low, high = _said(head), labels.low, labels.high
    if low is None or high is None:
        return []
    units = head.units or 0
    chosen = labels.width == 1 and units > 1 and "sparse_categorical_crossentropy" in head.loss
    if chosen and (low < 0 or high >= units):
        return [f"{said}, but the labels go from {low:g} to {high:g}: they have to be 0 to {units - 1}."]
    if "binary_crossentropy" in head.loss and (low < 0 or high > 1):
        return [f"{said}, but the labels are {low:g} and {high:g}: they have to be 0 and 1."]
    return []


def _of_range(head: Head, labels: Labels) -> list[str]:
    """Numbers that the last layer's function can't give."""
    low, high = RANGES.get(head.activation, (-math.inf, math.inf))
    if labels.low is None or labels.high is None or not _learns_numbers(head.loss):
        return []
    if labels.low >= low and labels.high <= high:
        return []
    if high == math.inf and low - labels.low < BEYOND * (labels.high - labels.low):
        return []  # a few readings just below zero are no reason to expect more of them
    answers = f"nothing below {low}" if high == math.inf else f"between {low} and {high}"
    return [
        f"{_said(head)}: {head.activation} answers {answers}, but the labels go from "
        f"{labels.low:g} to {labels.high:g}. Use a linear last layer."
    ]


def _learns_numbers(loss: str) -> bool:
    return loss.startswith(("mean_", "mse", "mae", "huber", "log_cosh", "logcosh"))


def _doubtful(head: Head, labels: Labels | None) -> list[str]:
    """What trains, but not as meant."""
    units, function, loss, said = head.units, head.activation, head.loss, _said(head)
    found = []
    many = units is None or units > 1
    if function == "softmax" and head.from_logits:
        found.append(f"{said}, which has from_logits=True: softmax is applied twice.")
    if function == "sigmoid" and many and "categorical_crossentropy" in loss:
        found.append(f"{said}: sigmoid answers each class by itself. Use softmax.")
    if function == "softmax" and many and "binary_crossentropy" in loss:
        found.append(f"{said}: the classes are judged one by one. Use categorical_crossentropy.")
    if (
        function in ("softmax", "sigmoid")
        and _learns_numbers(loss)
        and (function == "softmax" or head.accuracy)
    ):
        found.append(f"{said} learns classes as if they were numbers. Use a cross-entropy loss.")
    numbers = labels.numbers if labels else units == 1 and function in ("", "linear")
    if numbers and head.accuracy and "crossentropy" not in loss and "hinge" not in loss:
        found.append(f"{said} learns numbers, of which accuracy says nothing. Watch mae or r2.")
    return found
