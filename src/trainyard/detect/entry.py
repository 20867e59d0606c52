"""Which script is meant: every script that trains when started, ranked by the evidence."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from trainyard.detect import mentions
from trainyard.detect.events import Log
from trainyard.detect.interpret import Run
from trainyard.detect.judge import Verdict, judge
from trainyard.detect.knowledge import scripts
from trainyard.detect.program import Program, Source, may_train

MAX_TOTAL_STEPS = 300_000
"""Expressions evaluated for all candidates together."""
TIE = 0.25
"""Two candidates closer than this are a tie."""


@dataclass
class Ranked:
    """A candidate, what it trains and why it ranks where it does."""

    source: Source
    run: Run
    log: Log
    verdict: Verdict
    score: float = 0.0
    why: list[str] = field(default_factory=list)


def candidates(program: Program) -> list[Ranked]:
    """Every script that trains when it is started, best first."""
    sources = [s for s in program.sources.values() if s.name != "__init__"]
    walked = _worth_walking(program, sources)
    found: list[Ranked] = []
    spent = 0
    for source in walked:
        if spent > MAX_TOTAL_STEPS:
            program.notes.append(f"So much code that {source.path} and later scripts were not walked.")
            break
        ranked = walk_one(program, source)
        spent += ranked.run.steps + 100
        if ranked.verdict.trains or ranked.verdict.other:
            found.append(ranked)
    real = [r for r in found if r.verdict.trains]
    rank(program, real)
    return real + [r for r in found if not r.verdict.trains]


def walk_one(program: Program, source: Source) -> Ranked:
    """Walks one script as `__main__` and judges it."""
    run = Run(program, source)
    log = run.go()
    return Ranked(source, run, log, judge(log, program, run.reached))


def _worth_walking(program: Program, sources: list[Source]) -> list[Source]:
    chosen = [s for s in sources if program.text(s) and may_train(program, s)]
    return sorted(chosen, key=lambda s: (s.path.count("/"), s.path))


def rank(program: Program, found: list[Ranked]) -> None:
    """Scores and sorts candidates in place."""
    named = mentions.found(program)
    for item in found:
        _score(program, item, named)
    _imported_by_others(found)
    found.sort(key=lambda r: (-round(r.score, 3), r.source.path.count("/"), r.source.path))


def is_tie(found: list[Ranked]) -> bool:
    """Whether nothing tells the first candidate from the second."""
    return len(found) > 1 and found[0].score - found[1].score < TIE


def _add(item: Ranked, points: float, why: str) -> None:
    item.score += points
    if why and why not in item.why:
        item.why.append(why)


def _score(program: Program, item: Ranked, named: dict[str, tuple[float, str]]) -> None:  # noqa: PLR0912 - a table of cases
    source, verdict = item.source, item.verdict
    direct = [e for e in verdict.trainings if not e.by_import]
    own = [e for e in direct if e.file == source.path]
    first = (own or direct or verdict.trainings)[0] if verdict.trainings else None
    item.score = 3.0 * verdict.strength
    if first is not None:
        place = source.place(first.line) if first.file == source.path else f"{first.file}:{first.line}"
        item.why.append(f"{place} {first.sentence}")
    if not direct:
        _add(item, -2.0, "it trains only because it imports a file that does")
    elif not own:
        _add(item, 0.1, "the training is in a file that it calls")
    mention = named.get(source.path)
    if mention is not None:
        _add(item, *mention)
    for pattern, points, why in scripts.NAMES:
        if pattern.search(source.name):
            _add(item, points, why)
            break
    folders = source.path.lower().split("/")[:-1]
    if any(f in scripts.TEST_FOLDERS for f in folders):
        _add(item, -2.5, "it lies in a test folder")
    elif any(f in scripts.SIDE_FOLDERS for f in folders):
        _add(item, -0.7, "it lies in a side folder")
    elif any("train" in f for f in folders):
        _add(item, 0.4, "its folder says training")
    item.score -= 0.3 * len(folders)
    if scripts.SAVES.search(source.text):
        _add(item, 0.5, "it saves what it trained")
    if scripts.SERVES.search(source.text):
        _add(item, -0.8, "it serves")
    if source.notebook:
        item.score -= 0.5
    if _has_main(source):
        item.score += 0.15
    item.score += min(0.3, 0.05 * sum(1 for e in item.log.events if e.kind in ("layer", "train")))
    if verdict.trainings and all(e.weight < 0.5 for e in verdict.trainings):
        item.score -= 1.0


def _has_main(source: Source) -> bool:
    tree = source.tree
    return tree is not None and any(
        isinstance(n, ast.If)
        and isinstance(n.test, ast.Compare)
        and isinstance(n.test.left, ast.Name)
        and n.test.left.id == "__name__"
        for n in tree.body
    )


def _imported_by_others(found: list[Ranked]) -> None:
    """A script that another candidate calls into is a part of that one."""
    for item in found:
        for other in found:
            if other is item or item.source.path not in other.run.reached:
                continue
            if other.source.path in item.run.reached:
                continue
            if (
                any(not e.by_import for e in other.verdict.trainings)
                and other.score > 0
                and not _aside(other)
            ):
                used = any(e.file == item.source.path and not e.by_import for e in other.verdict.trainings)
                _add(item, -1.2 if used else -0.6, f"{other.source.path} uses it")
                break


def _aside(item: Ranked) -> bool:
    return any(
        w.startswith(
            (
                "its name is a test",
                "it lies in a test",
                "its name is a bench",
                "its name is a side",
                "its name is not",
                "it serves",
            )
        )
        for w in item.why
    )
