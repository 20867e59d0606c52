"""From what one script reaches to what it trains: framework, family, task, and how sure that is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from trainyard.detect.events import Event, Log
from trainyard.detect.knowledge.estimators import estimator
from trainyard.detect.knowledge.names import canonical
from trainyard.detect.knowledge.networks import layer_kind
from trainyard.detect.program import Program

# How much one training speaks for its framework being the script's point: a network is rarely the baseline.
_POINT = {
    "tensorflow-keras": 2.5,
    "pytorch": 2.5,
    "lightning": 6.0,
    "transformers": 6.0,
    "jax": 2.5,
    "xgboost": 1.6,
    "lightgbm": 1.6,
    "catboost": 1.6,
    "statsmodels": 1.1,
    "sklearn": 1.0,
    "numpy": 0.8,
}
_OTHER = 0.7
# Below these nothing was trained to predict: a dummy baseline, a trend line through a plot.
_LEAST, _LEAST_BY_HAND = 0.3, 0.5
NETWORKS = frozenset({"tensorflow-keras", "pytorch", "lightning", "transformers", "jax"})
BOOSTERS = ("xgboost", "lightgbm", "catboost")
_OVERRULES = {"lightning": ("pytorch",), "transformers": ("pytorch",)}
_FAMILY_OF = {
    "conv": "cnn",
    "rnn": "rnn",
    "dense": "mlp",
    "embed": "mlp",
    "attention": "transformer",
    "self-attention": "transformer",
    "language": "transformer",
    "pretrained": "transfer",
}


@dataclass
class Verdict:
    """What starting one script trains."""

    framework: str = "none"
    family: str | None = None
    task: str | None = None
    strength: float = 0.0
    """How sure it is that this trains, 0 to 1."""
    margin: float = 1.0
    """How far the framework is ahead of the next one, 0 to 1."""
    trainings: list[Event] = field(default_factory=list)
    reasons: list[Event] = field(default_factory=list)
    other: str | None = None
    """What trains, where that is nothing that an image offers."""

    @property
    def trains(self) -> bool:
        return self.framework != "none"


def judge(log: Log, program: Program, reached: list[str]) -> Verdict:
    """The verdict on one walk."""
    scores: dict[str, float] = {}
    trainings = log.of("train")
    _score(trainings, scores)
    _handmade(log, scores)
    for strong, weaker in _OVERRULES.items():
        if strong in scores:
            for name in weaker:
                scores.pop(name, None)
    if not scores or max(scores.values()) < 0.5:
        framework, events = _from_weak(log)
        if framework and framework not in scores:
            scores[framework] = max(0.6, scores.get(framework, 0.0))
            trainings = trainings + events
    scores = {f: s for f, s in scores.items() if s >= (_LEAST_BY_HAND if f == "numpy" else _LEAST)}
    if not scores:
        return Verdict()
    ranked = sorted(scores, key=lambda f: -scores[f])
    best = ranked[0]
    verdict = Verdict(best)
    if best.startswith("other:"):
        verdict.framework, verdict.other = "none", best[6:]
        return verdict
    second = scores[ranked[1]] if len(ranked) > 1 else 0.0
    verdict.margin = (scores[best] - second) / scores[best] if scores[best] else 0.0
    verdict.trainings = (
        [e for e in trainings if e.framework == best]
        or _own(log)
        or [e for e in trainings if e.kind == "weak"]
    )
    certain = any(e.kind == "train" and e.weight >= 0.5 for e in verdict.trainings)
    verdict.strength = 0.97 if certain else 0.8 if best == "numpy" else 0.6
    verdict.family = _family(log, verdict, program, reached)
    verdict.task = _task(log, verdict)
    verdict.reasons = _reasons(log, verdict)
    return verdict


def _score(trainings: list[Event], scores: dict[str, float]) -> None:
    subjects: dict[tuple[str, str], float] = {}
    for event in trainings:
        weight = event.weight * (0.5 if event.by_import else 1.0)
        key = (event.framework, event.name)
        subjects[key] = max(subjects.get(key, 0.0), weight) + (0.1 if key in subjects else 0.0)
    for (framework, _), weight in subjects.items():
        scores[framework] = scores.get(framework, 0.0) + weight * _POINT.get(framework, _OTHER)
    if trainings and trainings[-1].weight >= 0.5:
        scores[trainings[-1].framework] += 0.3


def _handmade(log: Log, scores: dict[str, float]) -> None:
    updates = [e for e in log.of("handmade") if e.detail == "update"]
    closed = [e for e in log.of("handmade") if e.detail == "closed"]
    own = log.of("own")
    if updates:
        scores["numpy"] = scores.get("numpy", 0.0) + (1.5 if own else 0.8)
    elif own and any(
        e.detail
        in ("fit", "gradient_descent", "backprop", "kmeans", "k_means", "backpropagate", "build_tree")
        for e in own
    ):
        if not any(s > 0.4 for f, s in scores.items() if f != "numpy"):
            scores["numpy"] = scores.get("numpy", 0.0) + 0.7
    elif closed:
        scores["numpy"] = scores.get("numpy", 0.0) + 0.5


def _own(log: Log) -> list[Event]:
    return [e for e in log.events if e.kind in ("handmade", "own")][:4]


def _from_weak(log: Log) -> tuple[str, list[Event]]:  # noqa: PLR0911, PLR0912 - a table of cases
    """The framework of a `fit` on something unknown: by its keywords, then by what was constructed or
    imported.
    """
    weak = log.of("weak")
    if not weak:
        return "", []
    roots = {canonical(n).partition(".")[0] for n in log.imports}
    hints = {e.framework for e in weak}
    if "lightning" in hints:
        return "lightning", weak
    if "keras" in hints and roots & {"keras", "tensorflow", "tflearn"}:
        return "tensorflow-keras", weak
    if "boosting" in hints:
        for name in BOOSTERS:
            if name in roots:
                return name, weak
    for hint in hints:
        if hint.startswith("other:") or hint == "sklearn":
            return hint, weak
    votes: Counter[str] = Counter()
    for name in [*log.imports, *log.used]:
        known = canonical(name)
        est = estimator(known)
        if est is not None and est.weight >= 0.5:
            votes[est.framework] += 1
        elif layer_kind(known) and known.startswith(("keras.", "tensorflow.")):
            votes["tensorflow-keras"] += 1
    if votes:
        return votes.most_common(1)[0][0], weak
    if roots & {"keras", "tensorflow"}:
        return "tensorflow-keras", weak
    if "sklearn" in roots and any(
        e.name in ("model", "clf", "classifier", "regressor", "reg", "estimator") for e in weak
    ):
        return "sklearn", weak
    return "", []


def _family(log: Log, verdict: Verdict, program: Program, reached: list[str]) -> str | None:  # noqa: PLR0911 - a table of cases
    framework = verdict.framework
    if framework in BOOSTERS:
        return "boosting"
    if framework == "statsmodels":
        return "classical"
    if framework == "transformers":
        return "transformer"
    if framework == "numpy":
        return _numpy_family(verdict, program, reached)
    if framework == "sklearn":
        return _estimator_family(verdict)
    fixed = Counter(e.family for e in verdict.trainings if e.family and e.kind == "train")
    by_layers = _network_family(log)
    if by_layers is None or (fixed and by_layers == "mlp"):
        if fixed:
            return fixed.most_common(1)[0][0]
        return by_layers or "mlp"
    return by_layers


def _estimator_family(verdict: Verdict) -> str:
    families: dict[str, float] = {}
    seen: set[str] = set()
    for event in verdict.trainings:
        if event.family and event.name not in seen:
            seen.add(event.name)
            families[event.family] = families.get(event.family, 0.0) + event.weight
    if not families:
        return "classical"
    top = max(families.values())
    leaders = [f for f in families if families[f] == top]
    return "classical" if len(leaders) > 1 and "classical" in leaders else leaders[-1]


def _network_family(log: Log) -> str | None:  # noqa: PLR0911 - a table of cases
    kinds: Counter[str] = Counter()
    for event in log.of("layer"):
        kinds[event.detail] += 1
    if kinds["language"]:
        return "transformer"
    if kinds["pretrained"]:
        return "transfer"
    if kinds["self-attention"] and not kinds["conv"] and not kinds["rnn"]:
        return "transformer"
    if kinds["attention"] and kinds["attention"] * 2 >= kinds["rnn"]:
        return "transformer"
    if kinds["rnn"]:
        return "rnn"
    if kinds["conv"]:
        return "cnn"
    return "mlp" if kinds["dense"] or kinds["embed"] else None


_NUMPY_FAMILIES = (
    ("rnn", re.compile(r"(?i)\b(rnn|lstm|gru|bptt|hprev|recurrent)\b|Wxh|Whh")),
    ("cnn", re.compile(r"(?i)conv(olution|2d|_forward|_layer|_backward)|\bcnn\b|max_?pool")),
    (
        "mlp",
        re.compile(
            r"(?i)back_?prop|hidden|neural|\brelu|\bsyn0|layer|\bmlp\b|multi_?layer|dZ\d|\bW2\b|\bw2\b"
        ),
    ),
)


def _numpy_family(verdict: Verdict, program: Program, reached: list[str]) -> str:
    code = "\n".join(program.sources[path].text for path in reached[:8])
    code = re.sub(r"(?m)#.*$|^\s*(from|import) .*$", "", code)
    for family, pattern in _NUMPY_FAMILIES:
        if len(pattern.findall(code)) >= 2:
            return family
    return "classical"


def _task(log: Log, verdict: Verdict) -> str | None:
    votes: dict[str, float] = {}
    stated = [e for e in verdict.trainings if e.task]
    for event in stated:
        votes[event.task or ""] = votes.get(event.task or "", 0.0) + 2.0
    for event in log.of("task"):
        votes[event.detail] = votes.get(event.detail, 0.0) + event.weight
    if not votes:
        return None
    return max(votes, key=lambda t: votes[t])


def _reasons(log: Log, verdict: Verdict) -> list[Event]:
    """The events worth telling: trainings first, then what spoke for the family and the task."""
    out = verdict.trainings[:4]
    if verdict.framework in NETWORKS:
        wanted = {k for k, f in _FAMILY_OF.items() if f == verdict.family}
        out = out + [e for e in log.of("layer") if e.detail in wanted][:3]
    if verdict.task:
        out = out + [e for e in log.of("task") if e.detail == verdict.task][:1]
    return out
