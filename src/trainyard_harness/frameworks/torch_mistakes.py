"""Looks at what a PyTorch loop hands to its loss, once per loss, before the first step.

What an output went through last shows in its gradient function, whatever the model is made of.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

from trainyard_harness import session as sessions
from trainyard_harness.mistakes import Mistake

NUMBERS = {"mse_loss": "MSELoss", "l1_loss": "L1Loss", "smooth_l1_loss": "SmoothL1Loss",
           "huber_loss": "HuberLoss"}  # fmt: skip
SIDES = {"soft_margin_loss": "SoftMarginLoss", "hinge_embedding_loss": "HingeEmbeddingLoss"}
"""Losses whose two labels are -1 and 1."""
LOSSES = {"cross_entropy": "CrossEntropyLoss", "nll_loss": "NLLLoss", "multi_margin_loss": "MultiMarginLoss",
          "binary_cross_entropy": "BCELoss", "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
          **NUMBERS, **SIDES}  # fmt: skip
_SHAPING = ("view", "squeeze", "unsqueeze", "reshapealias", "unsafeview", "transpose", "t", "clone", "select")
"""Gradient functions that change no value."""
IGNORED = -100
"""The label that cross-entropy leaves out."""


def patch(functional: ModuleType) -> None:
    """Looks at each loss of `torch.nn.functional` once; the losses of `torch.nn` call these."""
    for name in LOSSES:
        setattr(functional, name, _looking(functional, name, getattr(functional, name)))


def _looking(functional: ModuleType, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def loss(*args: Any, **kwargs: Any) -> Any:
        output = args[0] if args else kwargs.get("input")
        labels = args[1] if len(args) > 1 else kwargs.get("target")
        session = sessions.current()
        if getattr(output, "requires_grad", False) and hasattr(labels, "dtype"):
            setattr(functional, name, original)
            try:
                session.record.mistaken(of_loss(name, output, labels))
            except Exception as error:  # noqa: BLE001  what can't be looked at is for PyTorch to say
                session.fault("mistakes", error)
        return original(*args, **kwargs)

    return loss


def of_loop(session: sessions.Session) -> list[Mistake]:
    """What the script's syntax tells before it runs."""
    seen = session.lookahead
    if "backward" not in seen.calls or "zero_grad" in seen.calls or "grad" in seen.names:
        return []
    said = "zero_grad() is called nowhere: each step goes by the gradients of all steps before it as well."
    return [Mistake(said, False)]


def of_evaluation(session: sessions.Session, model: Any) -> str | None:
    """A remark on a model that behaves in its measurements as in training."""
    acting = {type(one).__name__ for one in model.modules()}
    acting = {one for one in acting if one.startswith(("Dropout", "BatchNorm"))}
    if not acting or "eval" in session.lookahead.calls or "train" in session.lookahead.calls:
        return None
    told = " and ".join(sorted(acting))
    return f"model.eval() is called nowhere: {told} act in the script's own measurements."


def of_loss(name: str, output: Any, labels: Any) -> list[Mistake]:
    """What is wrong with the outputs and labels that a loss gets, the worst first.

    Args:
        name: the loss in `torch.nn.functional`.
        output: the tensor that it is to learn from.
        labels: its tensor of labels.
    """
    said, last = LOSSES[name], _last_step(output)
    through = went_through(last)
    if name in ("cross_entropy", "nll_loss", "multi_margin_loss"):
        wrong = _of_classes(said, output, labels)
    elif name in NUMBERS:
        wrong = _of_numbers(said, output, labels)
    else:
        wrong = _of_pairs(name, output, labels)
    if wrong or (wrong := _of_softmax(said, through, last)):
        return [Mistake(wrong, True)]
    return _of_function(name, through, outside=bool((output < 0).any() or (output > 1).any()))


def _last_step(output: Any) -> Any:
    """The gradient function of what gave a tensor its values; None if that is not known."""
    step = output.grad_fn
    while step is not None and went_through(step) in _SHAPING and step.next_functions:
        step = step.next_functions[0][0]
    return step


def went_through(step: Any) -> str:
    """`softmax`, `logsoftmax`, `sigmoid`, `addmm`, ... of a gradient function; empty for None."""
    return re.sub(r"Backward\d*$", "", type(step).__name__).lower() if step is not None else ""


def _of_softmax(said: str, through: str, step: Any) -> str | None:
    """A softmax over what is no choice: the samples of a batch, or one output."""
    answers = getattr(step, "_saved_result", None)
    if through not in ("softmax", "logsoftmax") or answers is None or answers.ndim != 2:
        return None
    if step._saved_dim == 0 and len(answers) > 1:
        return f"{said} gets a softmax over the samples (dim=0). Take it over the classes: dim=1."
    if answers.shape[1] == 1:
        return f"{said} gets the softmax of one output, which always is 1. Use sigmoid, or one per class."
    return None


def _of_function(name: str, through: str, outside: bool = False) -> list[Mistake]:
    said = LOSSES[name]
    if name in ("cross_entropy", "binary_cross_entropy_with_logits") and through == "relu":
        told = f"{said} takes raw outputs, but gets what relu gave: none is below 0. Leave relu out."
        return [Mistake(told, False)]
    if name == "cross_entropy" and through in ("softmax", "sigmoid"):
        twice = f"{said} takes raw outputs, but gets what {through} gave"
        return [Mistake(f"{twice}: softmax is applied to probabilities. Leave {through} out.", False)]
    if name == "nll_loss" and through not in ("logsoftmax", "log", "logsigmoid"):
        given = "what softmax gave" if through == "softmax" else "raw outputs"
        return [Mistake(f"{said} takes log-probabilities, but gets {given}. Use log_softmax.", True)]
    if name == "binary_cross_entropy" and (outside or through in ("addmm", "mm", "convolution")):
        return [Mistake(f"{said} takes probabilities, but gets raw outputs. Use sigmoid.", True)]
    if name == "binary_cross_entropy_with_logits" and through in ("sigmoid", "softmax"):
        told = f"{said} takes raw outputs, but gets what {through} gave"
        return [Mistake(f"{told}: sigmoid is applied to probabilities. Leave {through} out.", False)]
    return []


def _of_classes(said: str, output: Any, labels: Any) -> str | None:
    """Labels by number, that a loss of classes takes one of for each row of outputs."""
    if labels.shape == output.shape and labels.is_floating_point():
        return None  # probabilities of classes
    if labels.is_floating_point():
        return f"{said} gets labels that are floats: it takes the numbers of classes, of type long."
    classes = output.shape[1] if output.ndim > 1 else output.shape[0]
    if classes == 1:
        return f"{said} gets one output, whose softmax always is 1. Use BCEWithLogitsLoss, or one per class."
    if output.ndim == labels.ndim == 2:
        return f"{said} gets labels in rows of {labels.shape[1]}: it takes one number per sample."
    counted = labels[labels != IGNORED]
    low, high = (int(counted.min()), int(counted.max())) if counted.numel() else (0, 0)
    if low < 0 or high >= classes:
        told = f"{said} gets {classes} outputs and labels from {low} to {high}"
        return f"{told}: they have to be 0 to {classes - 1}."
    return None


def _of_pairs(name: str, output: Any, labels: Any) -> str | None:
    """Labels of two values, one for each output."""
    said = LOSSES[name]
    if output.shape != labels.shape:
        told = f"{said} gets outputs of shape {_shape(output)} and labels of shape {_shape(labels)}"
        return f"{told}: they have to be the same."
    low, high = float(labels.min()), float(labels.max())
    told = f"{said} gets labels from {low:g} to {high:g}"
    if name in SIDES:
        return None if bool((labels.abs() == 1).all()) else f"{told}: they have to be -1 and 1."
    if low < 0 or high > 1:
        return f"{told}: they have to be 0 and 1."
    if not labels.is_floating_point():
        kind = str(labels.dtype).removeprefix("torch.")
        return f"{said} gets labels of type {kind}: it takes floats, 0.0 and 1.0."
    return None


def _of_numbers(said: str, output: Any, labels: Any) -> str | None:
    if output.shape != labels.shape:
        told = f"{said} gets outputs of shape {_shape(output)} and labels of shape {_shape(labels)}"
        return f"{told}: each output is compared with labels of other rows."
    return None


def _shape(tensor: Any) -> str:
    return str(tuple(tensor.shape))
