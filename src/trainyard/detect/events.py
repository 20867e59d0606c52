"""What walking a script leaves behind: trainings, constructions, hazards, names used."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from trainyard.detect.knowledge.words import words
from trainyard.detect.program import Source
from trainyard.detect.values import Made, Value, Values

MAX_EVENTS = 4_000


_TELLING_METHODS = words(
    """
    fit fit_generator evaluate_generator predict_generator predict_classes predict_proba compile save
    save_weights run ix flow_from_directory append
    """
)


@dataclass
class Event:
    """Something reached.

    `kind` is `train` (with a framework), `layer` (detail: conv, rnn, ...), `task` (detail: classification or
    regression), `handmade` (hand-written learning), `api` (detail: the generation), `weak` (a `fit` on
    something unknown) or `optimizer`.
    """

    kind: str
    file: str
    line: int
    sentence: str
    framework: str = ""
    detail: str = ""
    weight: float = 1.0
    family: str | None = None
    task: str | None = None
    by_import: bool = False
    name: str = ""
    receiver: Values = ()


@dataclass
class Found:
    """A hazard, before it is told."""

    kind: str
    file: str
    line: int
    sentence: str


@dataclass
class Log:
    """Everything that one walk found, without doubles."""

    events: list[Event] = field(default_factory=list)
    hazards: list[Found] = field(default_factory=list)
    imports: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    """Library names imported by reached files: file, line, and whether only as a fallback."""
    entries: list[tuple[str, str, int]] = field(default_factory=list)
    """Functions entered: file, name, line."""
    notes: list[str] = field(default_factory=list)
    used: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Library objects called, by the name as written: file and line."""
    words: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """Keyword arguments and methods that tell an API's generation, with what they were used on."""
    guarded: int = 0
    exhausted: bool = False
    _seen: set[tuple[str, str, int, str, str]] = field(default_factory=set)

    def add(self, event: Event) -> None:
        key = (event.kind, event.file, event.line, event.framework, event.detail)
        if key not in self._seen and len(self.events) < MAX_EVENTS:
            self._seen.add(key)
            self.events.append(event)

    def hazard(self, source: Source, kind: str, line: int, sentence: str) -> None:
        key = ("hazard", source.path, line, kind, "")
        if key not in self._seen and len(self.hazards) < 200:
            self._seen.add(key)
            self.hazards.append(Found(kind, source.path, line, sentence))

    def imported(self, source: Source, name: str, line: int, guarded: bool) -> None:
        old = self.imports.get(name)
        if old is None or (old[2] and not guarded):
            self.imports[name] = (source.path, line, guarded)

    def entered(self, source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if len(self.entries) < 500:
            self.entries.append((source.path, node.name, node.lineno))

    def keywords(self, source: Source, known: str, kwargs: dict[str, Values], line: int) -> None:
        """Keyword arguments of a Keras (or TensorFlow) object."""
        if known.startswith(("keras.", "tensorflow.")):
            for word in kwargs:
                self.words.setdefault((known, word), (source.path, line))

    def method(
        self, source: Source, name: str, owner: Value | None, kwargs: dict[str, Values], line: int
    ) -> None:
        """A method of something made by a library, or of something unknown."""
        if name in _TELLING_METHODS:
            maker = owner.maker if isinstance(owner, Made) else ""
            self.words.setdefault((f"{maker}.{name}", ""), (source.path, line))
            for word in kwargs:
                self.words.setdefault((f"{maker}.{name}", word), (source.path, line))

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def of(self, kind: str) -> list[Event]:
        return [e for e in self.events if e.kind == kind]
