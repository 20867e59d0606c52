"""What trial comes next, or why none does. Pure and deterministic: the same history gives the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from trainyard import gate
from trainyard.policy import Policy
from trainyard.runs.files import SCHEMA, Spec
from trainyard.tweak import estimators, networks
from trainyard.tweak.curves import curve
from trainyard.tweak.diagnose import at_chance, before_training, diagnose
from trainyard.tweak.earlier import Earlier
from trainyard.tweak.earlier import step as remembered
from trainyard.tweak.findings import Finding, Kind
from trainyard.tweak.moves import joined, signature
from trainyard.tweak.record import TrialRecord
from trainyard.tweak.step import Step

GIVE_UP = 3
"""Trials in a row without a number after which it is not the moves' fault."""
MOST_LOOKS = 3
"""Failed looks at the report part after which it has been looked at too often to be believed."""
GUESSED = 0.05
"""A held-out r2 up to which as much may be luck."""
MEMORISING = 2
"""Retrains without any sign of a rule, one of which learnt its training data, that make it hopeless."""


@dataclass(frozen=True)
class Proposal:
    """The next trial.

    Attributes:
        spec: what the next trial is; `spec.parent` names the trial whose weights it inherits.
        findings: the diagnosis of the trial that it builds on, in sentences.
    """

    spec: Spec
    findings: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        return self.spec.reason


@dataclass(frozen=True)
class Exhausted:
    """No further trial is worth its time; `reason` says why, for the verdict."""

    reason: str
    findings: list[str] = field(default_factory=list)


def propose(
    history: list[TrialRecord], policy: Policy, *, seed: int, earlier: Earlier | None = None
) -> Proposal | Exhausted:
    """Decides what comes after the trials so far.

    Args:
        history: all trials so far, trial 0 first, failed ones included. Not empty.
        policy: thresholds and budget. Trials are compared on the selection part alone.
        seed: equal seeds, equal answers; it decides only where the evidence leaves a choice.
        earlier: what the repo's last run found to help; where it still fits it is tried first.
    """
    first = history[0]
    if mistakes := before_training(first):
        return Exhausted(f"No architecture mends this: {mistakes[0].sentence}", _said(mistakes))
    ranked = _ranked(history, policy)
    if not ranked:
        return Exhausted("No trial gave a number on held-out data to improve on.")
    findings = diagnose(ranked[0], policy)
    if reason := _hopeless(history, policy):
        return Exhausted(reason, _said(diagnose(history[-1], policy), Kind.UNLEARNABLE))
    if reason := _spent(history, policy):
        return Exhausted(reason, _said(findings))
    tried = {signature(one.spec) for one in history}
    taken = Counter(one.spec.step for one in history)
    for base in ranked:
        steps = _steps(base, history, policy, seed)
        if earlier and base is first and (known := remembered(first, earlier)):
            steps = chain([known], steps)
        for step in steps:
            again = step.inherit and any(
                one.spec.step == step.name and one.spec.parent == base.number for one in history
            )
            if again or taken[step.name] >= step.at_most:
                continue
            spec = Spec(
                schema=SCHEMA,
                trial=history[-1].number + 1,
                parent=base.number if step.inherit else None,
                moves=joined(base.spec.moves, step.moves),
                reason=step.reason,
                step=step.name,
            )
            if signature(spec) not in tried:
                return Proposal(spec, _said(findings))
    return Exhausted(
        "The evidence supports no further change: every step it calls for was tried.", _said(findings)
    )


def _said(findings: list[Finding], *only: Kind) -> list[str]:
    return [one.sentence for one in findings if not only or one.kind in only]


def _steps(base: TrialRecord, history: list[TrialRecord], policy: Policy, seed: int) -> Iterator[Step]:
    findings = diagnose(base, policy)
    if base.architecture.get("kind") == "estimator":
        return estimators.steps(base, findings, policy, seed=seed + len(history))
    return networks.steps(base, findings, policy, gate.bar(_failed_looks(history, policy), policy))


def _failed_looks(history: list[TrialRecord], policy: Policy) -> list[gate.Reading]:
    return [
        gate.Reading(one.selection, one.report)
        for one in history
        if one.selection and one.report and not policy.reaches(one.report.value, policy.target)
    ]


def _ranked(history: list[TrialRecord], policy: Policy) -> list[TrialRecord]:
    """Trials to build on, the best first.

    By the selection number; among equals, as few rows often make them, by the lowest held-out loss.
    """
    sign = -1 if policy.direction == "max" else 1
    scored = [(sign * one.value, curve(one).least_val_loss, one) for one in history if one.value is not None]
    return [one for *_, one in sorted(scored, key=lambda item: item[:2])]


def _spent(history: list[TrialRecord], policy: Policy) -> str | None:
    if len(history) >= policy.max_trials:
        return f"The budget of {policy.max_trials} trials is spent."
    if len(failed := _failed_looks(history, policy)) >= MOST_LOOKS:
        return (
            f"{len(failed)} trials were at the target on the part to choose by and short of it on the report "
            "part: to go on looking there would be fishing."
        )
    if len(history) > GIVE_UP and all(one.value is None for one in history[-GIVE_UP:]):
        return f"The last {GIVE_UP} trials gave no number."
    return None


def _hopeless(history: list[TrialRecord], policy: Policy) -> str | None:
    """Why there is nothing to learn: training data can be learnt by heart, held-out data only guessed."""
    chance = history[0].stat("majority")
    if chance is None:
        return _told_nothing(history)
    if policy.direction != "max" or len(history) <= MEMORISING:
        return None
    held, train = [], []
    for record in history:
        if record.selection is None or record.value is None:
            continue
        if not at_chance(record.value, chance, record.selection.n):
            return None
        held.append(record.value)
        if (reached := curve(record).train) is not None:
            train.append(reached)
    memorised = max(train, default=0.0)
    if len(held) <= MEMORISING or (memorised < chance + 0.2 and len(held) <= 2 * MEMORISING):
        return None
    told = f"training accuracy reached {memorised:.2f}, but " if memorised > chance + 0.2 else ""
    return (
        f"The labels can't be learnt from the inputs: over {len(held)} trials {told}held-out accuracy never "
        f"rose above {max(held):.2f}, where always answering the commonest class gives {chance:.2f}. "
        "The labels may be shuffled, or belong to other rows."
    )


def _told_nothing(history: list[TrialRecord]) -> str | None:
    """The same of numbers: no trial does better than always answering their mean."""
    held = [
        one.value for one in history if one.value is not None and one.selection and one.selection.name == "r2"
    ]
    if len(held) <= 2 * MEMORISING or max(held) > GUESSED:
        return None
    return (
        f"The numbers can't be learnt from the inputs: over {len(held)} trials held-out r2 never rose above "
        f"{max(held):.2f}, where always answering the mean gives 0. The inputs may tell nothing of them, or "
        "belong to other rows."
    )
