"""Detection's answer as a clear refusal, or as text."""

from __future__ import annotations

from trainyard.detect.result import Detection
from trainyard.exits import ExitCode, TrainyardError


def check(detection: Detection) -> None:
    """Raises TrainyardError where this can't be trained: nothing or too much to choose from, bad syntax, no
    image.
    """
    if detection.framework == "none":
        _nothing(detection)
    if detection.ambiguous or detection.entry is None:
        names = ", ".join(c.file for c in detection.candidates[:6]) or "none found"
        example = detection.candidates[0].file if detection.candidates else "train.py"
        raise TrainyardError(
            ExitCode.AMBIGUOUS_ENTRY,
            f"Several scripts train and nothing says which one is meant: {names}.",
            f'Name it in trainyard.toml: [run] then entry = "{example}".',
        )
    if detection.blocking:
        first = detection.blocking[0]
        hint = (
            "Trainyard runs Python 3: convert the file (2to3)."
            if "Python 2" in first.reason
            else "Correct the line and push again."
        )
        raise TrainyardError(ExitCode.SYNTAX_ERROR, f"{first.file}:{first.line}: {first.reason}.", hint)
    if detection.image is None:
        why = detection.unsupported or "because no image serves it"
        raise TrainyardError(
            ExitCode.UNSUPPORTED,
            f"{detection.entry} trains with {detection.framework}, not supported: {why}.",
            _supported(),
        )


def _nothing(detection: Detection) -> None:
    if detection.unsupported:
        raise TrainyardError(ExitCode.UNSUPPORTED, f"Not supported: {detection.unsupported}.", _supported())
    if detection.problems:
        first = detection.problems[0]
        raise TrainyardError(
            ExitCode.SYNTAX_ERROR,
            f"{first.file}:{first.line}: {first.reason}; nothing else here trains.",
            "Correct the file and push again.",
        )
    where = (
        f"{detection.entry} trains nothing"
        if detection.entry
        else "No script here trains anything when it is started"
    )
    raise TrainyardError(
        ExitCode.NO_TRAINING_CODE,
        f"{where}.",
        f"{_supported()} A script must reach its training from its top level; name it in trainyard.toml: "
        'entry = "train.py" under [run].',
    )


def _supported() -> str:
    from trainyard import catalogue

    return f"Supported: {', '.join(catalogue.load().frameworks())}."


def render(detection: Detection, explain: bool = False) -> str:
    """The answer as plain lines; `explain` adds evidence, candidates, needs and notes."""
    lines = [
        f"entry:      {detection.entry or ('ambiguous' if detection.ambiguous else '-')}",
        f"framework:  {detection.framework}",
    ]
    for label in ("family", "task", "api"):
        value = getattr(detection, label)
        if value:
            lines.append(f"{label + ':':<12}{value}")
    if detection.image:
        lines.append(f"image:      {detection.image}")
    elif detection.unsupported:
        lines.append(f"image:      none, {detection.unsupported}")
    lines.append(f"confidence: {detection.confidence:.2f}")
    for problem in detection.problems if explain else detection.blocking:
        lines.append(f"problem:    {problem.file}:{problem.line}: {problem.reason}")
    for hazard in detection.hazards if explain else detection.hazards[:8]:
        lines.append(f"hazard:     {hazard.file}:{hazard.line}: {hazard.kind}: {hazard.sentence}")
    if not explain and len(detection.hazards) > 8:
        lines.append(f"            and {len(detection.hazards) - 8} more")
    if explain:
        lines += _explained(detection)
    elif detection.ambiguous:
        lines += [f"candidate:  {c.file}" for c in detection.candidates]
    lines += [f"note:       {note}" for note in detection.notes]
    return "\n".join(_printable(line) for line in lines)


def _explained(detection: Detection) -> list[str]:
    lines = [f"because:    {e.file}:{e.line}: {e.sentence}" for e in detection.evidence]
    for candidate in detection.candidates:
        lines.append(
            f"candidate:  {candidate.file} ({candidate.framework}, {candidate.score:.2f}): "
            + "; ".join(candidate.why)
        )
    if detection.needs.file:
        lines.append(f"needs:      {detection.needs.file}")
    for need in detection.needs.requirements:
        held = " (in the image)" if need.in_image else ""
        lines.append(f"needs:      {need.requirement} from {need.file}:{need.line}{held}")
    lines += [f"left out:   {line}" for line in detection.needs.skipped]
    return lines


def _printable(line: str) -> str:
    """Names come from the repository: no control characters reach a terminal or a log."""
    return "".join(c if c.isprintable() else "?" for c in line)
