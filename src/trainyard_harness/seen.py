"""What is known of a script's models, and of the rows that they met."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from trainyard_harness.data import Print, count

if TYPE_CHECKING:
    from trainyard_harness.session import Session


@dataclass
class Samples:
    """Samples whose truth is known: arrays `x` and `y`, or a dataset `x` that yields both.

    `origin` says how they became known (`evaluate`, `score`, `sklearn.metrics`, `validation_data`, ...).
    """

    x: Any
    y: Any
    split: str
    origin: str
    place: str | None = None
    ordered: bool = False
    index: Any = None
    """Rows in the data that the script passed, where the harness took them out of it."""
    prints: Print | None = None
    values: dict[str, float] = field(default_factory=dict)
    """The script's own numbers on these samples, and the count of its model's fits then."""
    fits: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int | None:
        return count(self.x)


class Adapter(Protocol):
    """One framework's way with a fitted model."""

    framework: str

    def outcome(self, model: Any, samples: Samples) -> dict[str, Any]:
        """`truth`, `predicted`, `scores` (or None) over the samples, and the `task`."""

    def predict(self, model: Any, x: Any) -> Any:
        """The outputs for the samples `x`, as an array."""

    def save(self, model: Any, session: Session) -> str | None:
        """Saves the model under the trial's `model/`; its path inside the trial."""

    def describe(self, model: Any) -> dict[str, Any]:
        """architecture.json."""


@dataclass
class Fitted:
    """A model of the script's that was fitted, and what is known of the data it met."""

    model: Any
    adapter: Adapter
    fits: int = 0
    trained_on: list[Print] = field(default_factory=list)
    trained_objects: list[Any] = field(default_factory=list)
    validation: Samples | None = None
    held_out: Samples | None = None
    tests: list[Samples] = field(default_factory=list)
    last: tuple[Any, Any] | None = None
    """x and y of the last fit, as the script passed them."""
    training: dict[str, Any] = field(default_factory=dict)
    saved: bool = False
    moved: bool = False
    """Whether the trial's moves were applied to it."""
    longest: int = 0
    """Epochs of its longest fit so far, as the script asks for them."""


@dataclass
class Prediction:
    """What the script predicted: the output of `fitted` for the rows `x`."""

    fitted: Fitted
    x: Any
    output: Any
    n: int | None


class Division:
    """One `train_test_split` of the script's, followed through what it makes of the parts.

    Args:
        pairs: training and test part of each array that was split.
    """

    def __init__(self, pairs: list[tuple[Any, Any]], place: str | None, ordered: bool = False) -> None:
        self.place = place
        self.ordered = ordered
        self.n_train = count(pairs[0][0]) if pairs else None
        self._train = [[train] for train, _test in pairs]
        self._test = [[test] for _train, test in pairs]

    def follow(self, given: Any, made: Any) -> None:
        """`made` was transformed from `given`: where that is one of the parts, so is `made`."""
        for side in (self._train, self._test):
            for parts in side:
                if any(given is part for part in parts):
                    parts.append(made)

    def counterpart(self, x: Any, y: Any) -> tuple[Any, Any] | None:
        """The test rows that go with training on `x` and `y`, made in as many steps; None where unknown."""
        found = [self._opposite(one) for one in (x, y)]
        return None if any(one is None for one in found) else (found[0], found[1])

    def _opposite(self, thing: Any) -> Any:
        for train, test in zip(self._train, self._test, strict=True):
            for steps, part in enumerate(train):
                if thing is part:
                    return test[steps] if steps < len(test) else None
        return None
