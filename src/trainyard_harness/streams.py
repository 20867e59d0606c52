"""Holding rows out of data that comes in batches: tf.data, Sequences and generators.

Such data is shuffled anew at each pass, so rows are chosen by what they contain: a hash of a row decides, the
same way in every pass, every epoch and every trial. Data that is changed at random on its way (augmentation)
has no rows to recognise, and nothing is held out of it.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from typing import Any

from trainyard_harness.data import Print, count, fingerprint, joined, parts_of, take
from trainyard_harness.holdout import split
from trainyard_harness.seen import Samples

COLLECTED = 256 * 2**20
"""Bytes of held-out rows that are kept; later ones are only left out of the training."""
RANDOM = ("random_", "Random", "augment", "jitter", "noise")
STEP = 2**53


def augmented(names: set[str]) -> bool:
    """Whether names used in the script tell of random changes to the data."""
    return any(
        word in name for name in names for word in RANDOM if name not in {"random_state", "RandomState"}
    )


def chosen(prints: Print, share: float, seed: int) -> Any:
    """A boolean per row: held out or not, from the row's own hash."""
    import numpy as np

    mixed = (prints.rows ^ np.uint64(seed * 2654435761 % 2**32)) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(11)).astype("float64") / STEP < share


class Collector:
    """The held-out rows met so far, each once, as Samples that grow."""

    def __init__(self, samples: Samples, share: float, seed: int) -> None:
        self.samples = samples
        self._share = share
        self._seed = seed
        self._seen: set[int] = set()
        self._size = 0

    def divide(self, batch: Any) -> Any:
        """The batch without its held-out rows, or None; one without labels is left as it is."""
        import numpy as np

        if not isinstance(batch, tuple | list) or len(batch) < 2:
            return batch
        prints = fingerprint(batch[0])
        if prints is None:
            return batch
        held = chosen(prints, self._share, self._seed)
        if not held.any():
            return batch
        self._keep(batch, prints, np.flatnonzero(held))
        kept = np.flatnonzero(~held)
        if not len(kept):
            return None
        return tuple(take(part, kept) if count(part) == prints.n else part for part in batch)

    def _keep(self, batch: Any, prints: Print, held: Any) -> None:
        import numpy as np

        fresh = [place for place in held if int(prints.rows[place]) not in self._seen]
        if not fresh or self._size > COLLECTED:
            return
        self._seen.update(int(prints.rows[place]) for place in fresh)
        index = np.asarray(fresh)
        x, y = _arrays(take(batch[0], index)), np.asarray(take(batch[1], index))
        self._size += sum(part.nbytes for part in parts_of(x)) + y.nbytes
        known = self.samples
        known.x = x if known.x is None else joined(known.x, x)
        known.y = y if known.y is None else np.concatenate([known.y, y])


def _arrays(x: Any) -> Any:
    import numpy as np

    if isinstance(x, dict):
        return {name: np.asarray(part) for name, part in x.items()}
    if isinstance(x, list | tuple):
        return [np.asarray(part) for part in x]
    return np.asarray(x)


def from_dataset(dataset: Any, steps: int | None, collector: Collector, share: float, seed: int) -> Any:
    """The tf.data dataset without the held-out rows, which one pass over it collects."""
    tensorflow = sys.modules["tensorflow"]

    def keep(*parts: Any) -> Any:
        first = tensorflow.nest.flatten(parts[0])[0]

        def mask(array: Any) -> Any:
            prints = fingerprint(array)
            return ~chosen(prints, share, seed) if prints is not None else array[:, 0] == array[:, 0]

        wanted = tensorflow.numpy_function(mask, [first], tensorflow.bool, stateful=False)
        wanted.set_shape([None])
        return tensorflow.nest.map_structure(lambda one: tensorflow.boolean_mask(one, wanted), parts)

    for place, batch in enumerate(dataset):
        if steps is not None and place >= steps:
            break
        collector.divide(tensorflow.nest.map_structure(lambda one: one.numpy(), batch))
    kept = dataset.map(keep)
    return kept.filter(lambda *parts: tensorflow.shape(tensorflow.nest.flatten(parts)[0])[0] > 0)


def last_batches(data: Any, share: float) -> tuple[Any, Any, Any] | None:
    """Data in the order of time without its last batches, and those: inputs and labels.

    None where it is neither a tf.data dataset of known length nor a Sequence, or shorter than two batches.
    """
    import numpy as np

    if hasattr(data, "cardinality"):
        n = int(data.cardinality())
    else:
        n = len(data) if hasattr(data, "__getitem__") and hasattr(data, "__len__") else 0
    first = n - max(1, round(n * share))
    if first < 1:
        return None
    if hasattr(data, "cardinality"):
        kept, held = data.take(first), list(data.skip(first))
    else:
        kind = type(data)
        shorter: Any = type(kind.__name__, (kind,), {"__len__": lambda _self: first})
        kept = shorter.__new__(shorter)
        vars(kept).update(vars(data))
        held = [data[place] for place in range(first, n)]
    if any(not isinstance(batch, tuple | list) or len(batch) < 2 for batch in held):
        return None
    x, y = (np.concatenate([np.asarray(batch[side]) for batch in held]) for side in (0, 1))
    return kept, x, y


def from_generator(generator: Any, collector: Collector) -> Iterator[Any]:
    """The generator's batches without the held-out rows."""
    for batch in generator:
        kept = collector.divide(batch)
        if kept is not None:
            yield kept


IMAGE_ITERATORS = {"NumpyArrayIterator", "DirectoryIterator", "DataFrameIterator"}
_STILL = {
    **dict.fromkeys(("rotation_range", "width_shift_range", "height_shift_range", "shear_range"), 0.0),
    **dict.fromkeys(("horizontal_flip", "vertical_flip"), False),
    "channel_shift_range": 0.0, "brightness_range": None, "zoom_range": [1, 1],
}  # fmt: skip
"""An ImageDataGenerator that changes nothing at random: scaling and the script's own function stay."""


def is_image_iterator(x: Any) -> bool:
    """Whether `x` is what `ImageDataGenerator.flow` and its like give: its samples are numbered."""
    return bool(IMAGE_ITERATORS & {kind.__name__ for kind in type(x).__mro__})


def from_image_iterator(iterator: Any, share: float, seed: int) -> tuple[Any, Any, Any, Any]:
    """The iterator without the held-out images; those and their labels, not augmented; their numbers."""
    import numpy as np

    labels = getattr(iterator, "classes", None)
    kept, held, _ = split(
        iterator.n, share, seed, labels if labels is not None else getattr(iterator, "y", None)
    )
    still = _subset(iterator, held)
    still.shuffle = False
    still.image_data_generator = copy.copy(iterator.image_data_generator)
    vars(still.image_data_generator).update(_STILL)
    batches = [still[place] for place in range(len(still))]
    x, y = (np.concatenate([np.asarray(batch[side]) for batch in batches]) for side in (0, 1))
    return _subset(iterator, kept), x, y, held


def _subset(iterator: Any, index: Any) -> Any:
    """A copy of a Keras image iterator that goes through the samples `index` alone."""
    import numpy as np

    made = copy.copy(iterator)

    def choose() -> None:
        made.index_array = np.random.permutation(index) if made.shuffle else index

    made.n, made.index_array, made._set_index_array = len(index), None, choose
    made.index_generator = made._flow_index()
    return made


def from_sequence(sequence: Any, collector: Collector) -> Any:
    """A Sequence (PyDataset) without the held-out rows; a batch that has no others gives its neighbour's."""
    kind = type(sequence)

    def getitem(self: Any, place: int) -> Any:
        for step in range(len(sequence)):
            kept = collector.divide(sequence[(place + step) % len(sequence)])
            if kept is not None:
                return kept
        raise IndexError(place)

    made: Any = type(kind.__name__, (kind,), {"__getitem__": getitem})
    changed = made.__new__(made)
    vars(changed).update(vars(sequence))
    return changed
