"""Looks at a Keras model and the labels that it is given, before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainyard_harness.holdout import classes_of
from trainyard_harness.mistakes import Head, Labels, Mistake, of_network


def mistakes(model: Any, x: Any, y: Any, loss: str, metrics: list[str]) -> list[Mistake]:
    """What does not go together; nothing where the model has several outputs or ends in no dense layer.

    Args:
        x: the inputs that `fit` gets, or what gives them and the labels.
        y: the labels that `fit` gets; None where they come with the inputs.
        loss: the loss's name in snake case.
        metrics: the names of the metrics.
    """
    inputs, labels = _shape(x), _shape(y)
    if y is None:
        inputs, labels, y = _coming(x)
    found = [*_of_inputs(model, inputs), *_of_outputs(model, labels, loss)]
    head = _head(model, loss, any("acc" in name for name in metrics))
    if found or head is None:
        return found
    y = _counted(y, _told(model, "ignore_class", None))
    if len(_answers(model) or ()) > 2:
        return of_network(head, _by_place(y, loss))
    known = _labels(y)
    if known is None and labels is not None and len(labels) in (1, 2):
        known = Labels(width=1 if len(labels) == 1 else labels[1])
    return of_network(head, known)


Shape = tuple[int | None, ...]


def _shape(data: Any) -> Shape | None:
    shape = getattr(data, "shape", None)
    return None if shape is None or getattr(shape, "rank", 0) is None else tuple(shape)


def _coming(data: Any) -> tuple[Shape | None, Shape | None, Any]:
    """Shapes of inputs and labels, and the first labels, of what gives both; what can't be told is None."""
    names = {base.__name__ for base in type(data).__mro__}
    batch: Any = ()
    if names & {"Sequence", "PyDataset"} and "Iterator" not in names and len(data):
        batch = data[0]
    elif isinstance(data, Peeked):
        batch = data.first
    elif hasattr(data, "element_spec"):
        # Without a known number of elements it may be one that can be read but once.
        batch = next(iter(data.take(1)), ()) if int(data.cardinality()) != _UNKNOWN else data.element_spec
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        return None, None, None
    x, y = batch[:2]
    return _shape(x), _shape(y), y if hasattr(y, "__array__") else None


_UNKNOWN = -2
"""A tf.data.Dataset's `cardinality()` where it is not known."""


class Peeked:
    """A generator whose first element is known before it is drawn.

    Args:
        source: a Python generator.
    """

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self.first = next(source, None)

    def again(self) -> Iterator[Any]:
        """A generator of all its elements."""
        if self.first is not None:
            yield self.first
            yield from self._source


def _of_inputs(model: Any, given: Shape | None) -> list[Mistake]:
    """Samples of another shape than the network's input; Keras itself adds or drops a last 1."""
    wanted = getattr(model, "input_shape", None) if model.built else None
    if given is None or not isinstance(wanted, tuple) or any(isinstance(one, tuple) for one in wanted):
        return []
    told = [shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape for shape in (wanted[1:], given[1:])]
    fits = len(told[0]) == len(told[1]) and all(
        one is None or other is None or one == other for one, other in zip(*told, strict=True)
    )
    if fits:
        return []
    return [Mistake(f"The network takes samples of shape {wanted[1:]}, but gets {given[1:]}.", True)]


def _of_outputs(model: Any, labels: Shape | None, loss: str) -> list[Mistake]:
    """An answer for every place of a sample where there is but one label for all of it."""
    given = _answers(model)
    if labels is None or given is None or len(given) < 3 or "crossentropy" not in loss:
        return []
    if len(labels) >= len(given) - ("sparse" in loss) and labels[1:] != (1,):
        return []
    told = "one number" if labels[1:] in ((), (1,)) else f"{labels[1]} numbers"
    return [
        Mistake(
            f"The network answers with shape {given[1:]} for each sample, which has one label of {told}: "
            "put Flatten, pooling or return_sequences=False before its last layer.",
            True,
        )
    ]


def _head(model: Any, loss: str, accuracy: bool) -> Head | None:
    layers = list(getattr(model, "layers", None) or [])
    outputs = getattr(model, "outputs", None) or [None]
    if not layers or len(outputs) > 1 or not loss or " " in loss:
        return None
    function = ""
    if type(layers[-1]).__name__ in ("Activation", "Softmax") and len(layers) > 1:
        function = _name(getattr(layers[-1], "activation", None)) or "softmax"
        layers.pop()
    last = getattr(layers[-1], "layer", layers[-1])  # TimeDistributed
    units: Any = getattr(last, "units", getattr(last, "filters", None))
    kind = type(last).__name__
    if not kind.startswith(("Dense", "Conv")) or not _ends(model, units):
        return None
    given = getattr(model, "loss", None)
    logits = _told(model, "from_logits", False if isinstance(given, str) else None)
    return Head(int(units), function or _name(last.activation), loss, logits, accuracy, kind)


def _told(model: Any, name: str, default: Any) -> Any:
    """A setting of the loss: an attribute in Keras 3, among the arguments of its function in Keras 2."""
    loss = getattr(model, "loss", None)
    value = getattr(loss, name, None)
    return getattr(loss, "_fn_kwargs", {}).get(name, default) if value is None else value


def _ends(model: Any, units: int) -> bool:
    """Whether the layer that stands last is the one that answers."""
    shape = _answers(model)
    return shape is None or shape[-1] == units


def _answers(model: Any) -> Shape | None:
    """The shape of the answers of a model with one output; None where it is not known."""
    shape = getattr(model, "output_shape", None) if model.built else None
    return shape if isinstance(shape, tuple) and not any(isinstance(one, tuple) for one in shape) else None


def _counted(y: Any, ignored: int | None) -> Any:
    """The labels without those that the loss leaves out."""
    import numpy as np

    return y if ignored is None or not hasattr(y, "shape") else np.where(np.asarray(y) == ignored, 0, y)


def _by_place(y: Any, loss: str) -> Labels | None:
    """Labels for each place of a sample, of which only their range is asked."""
    import numpy as np

    if y is None or isinstance(y, list | tuple | dict) or "crossentropy" not in loss:
        return None
    labels = np.asarray(y)
    if labels.dtype.kind not in "biuf" or not labels.size:
        return None
    single, width = True, None
    if "sparse" in loss:
        width = 1
    elif "categorical" in loss:
        single = bool(np.allclose(labels.sum(axis=-1), 1, atol=1e-3))
        width = int(labels.shape[-1])
    return Labels(width=width, low=float(labels.min()), high=float(labels.max()), single=single)


def _labels(y: Any) -> Labels | None:
    import numpy as np

    if y is None or isinstance(y, list | tuple | dict):
        return None
    labels = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if labels.ndim not in (1, 2) or not len(labels):
        return None
    width = 1 if labels.ndim == 1 else int(labels.shape[1])
    known = classes_of(labels)
    plain = labels.dtype.kind in "biuf" and bool(np.isfinite(labels.astype("float64")).all())
    low, high = (float(labels.min()), float(labels.max())) if plain else (None, None)
    continuous = (
        plain and known is None and labels.dtype.kind == "f" and bool((labels != np.round(labels)).any())
    )
    text = labels.dtype.kind in "US" or (labels.dtype.kind == "O" and isinstance(labels.flat[0], str))
    classes = len(np.unique(known)) if known is not None else None
    if width > 1 and known is not None:
        classes = width
    single = not plain or width == 1 or bool(np.allclose(labels.sum(axis=1), 1, atol=1e-3))
    return Labels(classes, width, low, high, continuous, text, single)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "") or "").lower()
