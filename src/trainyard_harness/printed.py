"""Numbers in what a script prints or writes to a file: the last resort, and a check on the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NUMBER = r"(?P<value>[-+]?(?:0,\d+|\d*\.?\d+(?:[eE][-+]?\d+)?))\s*(?P<percent>%|percent\b)?"
_WORDS = {
    "accuracy": r"(?:accuracy|acc)(?:uracy)?(?:@1\b)?(?:[ _-]*score)?",
    "f1": r"f1(?:[ _-]*score)?",
    "auc": r"(?:roc[ _-]*)?auc(?:[ _-]*score)?",
    "r2": r"(?:r2|r\^2|r²|r[ -]?squared)(?:[ _-]*score)?",
    "mae": r"(?:mae|mean absolute error)",
    "rmse": r"(?:rmse|root mean squared? error)",
    "mse": r"(?<!r)(?:mse|mean squared? error)",
    "error rate": r"error rate",
}
# The number right after the word; else the one after a colon, past what the word is said of ("of the network
# on the 10000 test images: 54 %"), unless another metric stands between; else the first.
_OTHER = r"(?!loss|acc|error|f1|auc|ma?p?e\b|mse)"
_GAPS = (
    r"\s*(?:is|was|=|:|:=|->)?\s*",
    rf"(?:{_OTHER}[^\n:=,;|]){{0,60}}[:=]\s*[\[(]?",
    r"[^-+\d\n.]{0,40}?",
)
_NAMED = [
    (name, [re.compile(rf"(?<![a-z]){word}(?![a-z0-9@]){gap}{_NUMBER}", re.IGNORECASE) for gap in _GAPS])
    for name, word in _WORDS.items()
]
_BEFORE = re.compile(rf"{_NUMBER}\s*(?:accurate|accuracy)(?!\s*[:=])", re.IGNORECASE)
_OF = r"\s*(?:/|out of|of)\s*"
_RATIO = re.compile(
    rf"(?P<hits>\d+){_OF}(?P<n>\d+)(?=[^.\n]{{0,30}}(?<!in)(?:correct|right))"
    rf"|(?<!in)correct[^\d\n]{{0,30}}(?P<hits2>\d+){_OF}(?P<n2>\d+)",
    re.IGNORECASE,
)
_MISSED = re.compile(
    rf"(?:misclassified|mislabell?ed|incorrect|wrong)[^\d\n]{{0,30}}(?P<missed>\d+){_OF}(?P<n>\d+)",
    re.IGNORECASE,
)
_FRACTIONS = {"accuracy", "f1", "auc"}
_SPLITS = (
    ("train", re.compile(r"train", re.IGNORECASE)),
    ("validation", re.compile(r"(?<![a-z])(?:val|dev)(?![a-z])|valid", re.IGNORECASE)),
    ("test", re.compile(r"test|held[ -]?out|eval", re.IGNORECASE)),
)
_PREFIX = re.compile(r"\w*[ _/-]*(?:set[ _/-]*)?(?:acc|loss|f1|auc|r2|mae|mse|rmse|error)", re.IGNORECASE)
FILES = re.compile(r"acc|metric|result|score|eval|perf", re.IGNORECASE)
LARGEST = 2**16


def numbers_in(line: str) -> list[tuple[str, float, str, int | None]]:
    """The metrics that a line of text tells: (name, value, split, n). Percent and counts become fractions.

    Where no word tells the split it is `unknown`; of several the nearest before the number counts.
    """
    found: list[tuple[str, float, str, int | None]] = []
    for match in _RATIO.finditer(line):
        hits = int(match["hits"] or match["hits2"])
        n = int(match["n"] or match["n2"])
        if n and hits <= n:
            found.append(("accuracy", hits / n, _split(line, match.start()), n))
    for match in _MISSED.finditer(line):
        missed, n = int(match["missed"]), int(match["n"])
        if n and missed <= n:
            found.append(("accuracy", 1 - missed / n, _split(line, match.start()), n))
    for name, patterns in _NAMED:
        for match in _matches(line, patterns):
            _add(found, line, name, match)
    if not found:
        for match in _BEFORE.finditer(line):
            if match["percent"]:
                _add(found, line, "accuracy", match)
    return found


def _matches(line: str, patterns: list[re.Pattern[str]]) -> list[re.Match[str]]:
    """One match per mention of a metric: that of the first pattern which has one there."""
    taken: dict[int, re.Match[str]] = {}
    for pattern in patterns:
        for match in pattern.finditer(line):
            if not any(one.start() <= match.start() < one.end() for one in taken.values()):
                taken[match.start()] = match
    return [taken[place] for place in sorted(taken)]


def _add(found: list[tuple[str, float, str, int | None]], line: str, name: str, match: re.Match[str]) -> None:
    value, n = float(match["value"].replace(",", ".")), None
    of = re.compile(_OF + r"(\d+)").match(line, match.end())
    if name == "accuracy" and of and 0 <= value <= int(of[1]) and value == int(value):
        n = int(of[1])  # "Accuracy: 178/200 (89%)"
        value = value / n if n else value
    elif name in _FRACTIONS or name == "error rate":
        value = value / 100 if match["percent"] or 1 < value <= 100 else value
        if not 0 <= value <= 1:
            return
    if name == "error rate":
        name, value = "accuracy", 1 - value
    found.append((name, value, _split(line, match.start()), n))


def _split(line: str, place: int) -> str:
    """The split named nearest before `place`, else after it, else `unknown`."""
    best: tuple[int, str] | None = None
    for name, pattern in _SPLITS:
        for match in pattern.finditer(line):
            if match.start() > place and _PREFIX.match(line, match.end()):
                continue  # "accuracy 0.93 - val_accuracy 0.91": it belongs to the next number
            distance = place - match.start() if match.start() <= place else 1000 + match.start() - place
            if best is None or distance < best[0]:
                best = (distance, name)
    return best[1] if best else "unknown"


class Listener:
    """Stands in for `sys.stdout`: passes everything on, and keeps the lines that tell a metric."""

    def __init__(self, stream: Any, heard: Any) -> None:
        self._stream = stream
        self._heard = heard
        self._line = ""

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        if "\n" not in text:
            self._line = (self._line + text)[-2000:]
            return int(written or 0)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines[-50:]:
            # Keras' progress bar redraws its line; what it shows comes from History, with its split.
            if "\r" not in line and "\x08" not in line and "━" not in line and len(line) < 500:
                self._heard(line)
        return int(written or 0)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def numbers_in_files(folder: Path, since: float) -> Iterator[tuple[Path, str, float, str, int | None]]:
    """Metrics in small text and JSON files that were written into `folder` since `since` (epoch seconds)."""
    for path in sorted(folder.rglob("*"))[:5000]:
        if path.suffix not in {".txt", ".json", ".log", ".csv", ".out", ""} or path.is_symlink():
            continue
        if not FILES.search(path.name) or not path.is_file():
            continue
        facts = path.stat()
        if facts.st_mtime < since or facts.st_size > LARGEST:
            continue
        for name, value, split, n in _in_file(path):
            yield path, name, value, split, n


def _in_file(path: Path) -> list[tuple[str, float, str, int | None]]:
    text = path.read_text("utf-8", errors="replace")
    if path.suffix == ".json":
        try:
            value = json.loads(text)
        except ValueError:
            return []
        pairs = value.items() if isinstance(value, dict) else []
        flat = [(key, one) for key, one in pairs if isinstance(one, int | float)]
        return [found for key, one in flat for found in numbers_in(f"{key.replace('_', ' ')}: {one}")]
    if re.fullmatch(rf"\s*{_NUMBER}\s*", text):
        # A bare number: the file's name says what it is.
        return numbers_in(f"{path.stem.replace('_', ' ')}: {text.strip()}")
    return [found for line in text.splitlines() for found in numbers_in(line)]
