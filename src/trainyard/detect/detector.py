"""The whole of detection: walk the tree, rank the candidates, judge the best one."""

from __future__ import annotations

import gc
from pathlib import Path

from trainyard import catalogue
from trainyard.detect import entry, files
from trainyard.detect.entry import Ranked
from trainyard.detect.events import Event
from trainyard.detect.generation import generation
from trainyard.detect.needs import needs
from trainyard.detect.program import Program
from trainyard.detect.result import Candidate, Detection, Evidence, Hazard, Overrides, Problem
from trainyard.exits import ExitCode, TrainyardError

MAX_CANDIDATES = 12
MAX_HAZARDS = 40
MAX_PROBLEMS = 50
MAX_PARSED_FOR_PROBLEMS = 2**20
"""Characters of code that are parsed only to tell whether they do parse."""


def detect(path: Path, *, entry: str | None = None, overrides: Overrides | None = None) -> Detection:
    """See `trainyard.detect.detect`."""
    root, named = _root(path, entry, overrides)
    collecting = gc.isenabled()
    gc.disable()  # syntax trees are many small objects that all live until the end
    try:
        return _detect(root, named, overrides or Overrides())
    finally:
        if collecting:
            gc.enable()


def _root(path: Path, entry: str | None, overrides: Overrides | None) -> tuple[Path, str | None]:
    if path.is_file():
        return path.parent, path.name
    if not path.is_dir():
        raise TrainyardError(
            ExitCode.NOT_FOUND, f"{path}: no such folder or script.", "Give a folder that holds code."
        )
    return path, entry or (overrides.entry if overrides else None)


def _detect(root: Path, named: str | None, overrides: Overrides) -> Detection:
    tree = files.walk(root)
    program = Program(root, tree)
    result = Detection(argv=list(overrides.argv), env=dict(overrides.env))
    if named is not None:
        name = named.replace("\\", "/").removeprefix("./")
        source = program.sources.get(name)
        if source is None:
            raise TrainyardError(
                ExitCode.BAD_CONFIG,
                f"trainyard.toml: [run] entry names {named}, which is no Python file or notebook here.",
                "Give its path relative to the repository.",
            )
        program.text(source)
        chosen = entry.walk_one(program, source)
        entry.rank(program, [chosen])
        found = [chosen]
    else:
        found = entry.candidates(program)
    training = [r for r in found if r.verdict.trains]
    if training:
        _fill(result, program, training, overrides, named is not None)
    else:
        _nothing(result, found, named)
    _apply(result, overrides)
    _parse_the_rest(program)
    _problems(result, program, training[0] if training and result.entry else None)
    result.notes += [n for n in program.notes if n not in result.notes]
    if len(result.notes) > 30:
        result.notes = [*result.notes[:30], f"And {len(result.notes) - 30} more notes."]
    return result


def _fill(
    result: Detection, program: Program, found: list[Ranked], overrides: Overrides, named: bool
) -> None:
    best = found[0]
    tie = not named and entry.is_tie(found)
    result.ambiguous = tie
    result.entry = None if tie else best.source.path
    verdict = best.verdict
    result.framework, result.family, result.task = verdict.framework, verdict.family, verdict.task
    made = generation(best.log, verdict.framework, verdict.trainings)
    result.api = made.api
    for event in (*verdict.reasons, *made.reasons):
        result.evidence.append(_evidence(event))
    result.candidates = [
        Candidate(file=r.source.path, score=round(r.score, 2), framework=r.verdict.framework, why=r.why)
        for r in found[:MAX_CANDIDATES]
    ]
    hazards = [Hazard(kind=h.kind, file=h.file, line=h.line, sentence=h.sentence) for h in best.log.hazards]
    hazards += [Hazard(kind="old-api", file=e.file, line=e.line, sentence=e.sentence) for e in made.old]
    result.hazards = hazards[:MAX_HAZARDS]
    lead = best.score - found[1].score if len(found) > 1 else 4.0
    result.confidence = round(
        verdict.strength
        * (0.7 + 0.3 * min(1.0, verdict.margin * 1.5))
        * (0.5 if tie else min(1.0, 0.75 + lead / 8)),
        2,
    )
    known = catalogue.load()
    image, _ = known.choose(
        overrides.framework or result.framework, overrides.family or result.family, result.api
    )
    image = overrides.image or image
    result.needs = needs(
        program,
        best.source.path,
        best.log,
        known.provides(image) if image else set(),
    )
    result.notes += best.log.notes
    if best.log.exhausted:
        result.notes.append(
            f"{best.source.path} reaches more statements than are walked: the rest is left out."
        )


def _evidence(event: Event) -> Evidence:
    return Evidence(file=event.file, line=event.line, sentence=event.sentence)


def _nothing(result: Detection, found: list[Ranked], named: str | None) -> None:
    if found:
        first = found[0]
        result.unsupported = (
            f"because {first.source.path} trains with {first.verdict.other}, which no image offers"
        )
        result.candidates = [
            Candidate(
                file=r.source.path,
                score=0.0,
                framework=r.verdict.other or "none",
                why=[f"it trains with {r.verdict.other}"],
            )
            for r in found[:MAX_CANDIDATES]
        ]
    if named is not None:
        result.entry = named


def _apply(result: Detection, overrides: Overrides) -> None:
    """What `trainyard.toml` says wins over what was read."""
    for label in ("framework", "family", "task"):
        value = getattr(overrides, label)
        if value is not None:
            if value != getattr(result, label):
                result.notes.append(
                    f"trainyard.toml sets the {label} to {value}; the code reads as {getattr(result, label)}."
                )
            setattr(result, label, value)
    known = catalogue.load()
    if overrides.image is not None:
        if overrides.image not in known.images:
            raise TrainyardError(
                ExitCode.BAD_CONFIG,
                f"trainyard.toml: [detect] image is {overrides.image}, which is no image.",
                f"Choose one of {', '.join(known.images)}.",
            )
        result.image = overrides.image
        result.unsupported = None
    elif result.framework != "none":
        result.image, result.unsupported = known.choose(result.framework, result.family, result.api)


def _parse_the_rest(program: Program) -> None:
    """Parses what no candidate reached, so that a file that does not parse is said wherever it stands."""
    size = 0
    for source in program.sources.values():
        size += len(program.text(source))
        if size > MAX_PARSED_FOR_PROBLEMS:
            return
        program.parse(source)


def _problems(result: Detection, program: Program, best: Ranked | None) -> None:
    reached = best.run.reached if best else []
    order = {path: index for index, path in enumerate(reached)}
    found = [
        Problem(file=s.path, line=max(1, s.parsed.line), reason=s.parsed.reason)
        for s in program.sources.values()
        if s.parsed is not None and s.parsed.reason
    ]
    found.sort(key=lambda p: (order.get(p.file, len(order)), p.file))
    if len(found) > MAX_PROBLEMS:
        result.notes.append(f"{len(found)} files do not parse; the first {MAX_PROBLEMS} are listed.")
    result.problems = found[:MAX_PROBLEMS]
    result.blocking = [p for p in found if p.file in order][:MAX_PROBLEMS]
