"""Which script is meant: every script that trains when started, ranked by what the repository says about it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from trainyard.detect import files
from trainyard.detect.events import Log
from trainyard.detect.interpret import Run
from trainyard.detect.judge import Verdict, judge
from trainyard.detect.knowledge.words import words
from trainyard.detect.program import Program, Source, may_train

MAX_TOTAL_STEPS = 300_000
"""Expressions evaluated for all candidates together."""
TIE = 0.25
"""Two candidates closer than this are a tie."""

_COMMAND = re.compile(
    r"(?i)(python[\d.]*w?|jupyter|ipython|papermill|torchrun|accelerate launch|deepspeed|streamlit run|nbconvert|runipy|cmd|entrypoint|run:|script:|exec|spark-submit|\bpy\b|uv run)\b"
)
_SCRIPT = re.compile(r"[\w./\\-]+\.(?:py|ipynb)\b")
_MODULE = re.compile(r"python[\d.]*\s+-m\s+([\w.]+)")
_LAUNCHED = re.compile(r"python[\d.]*(?:['\"], *['\"]| )([\w./\\-]+\.py)")
_TEST_PARTS = words(
    """
    test tests testing unittests benchmark benchmarks docs doc examples_test
    """
)
_ASIDE_PARTS = words(
    """
    example examples demo demos old archive backup deprecated legacy tutorial tutorials experimental
    experiments scratch playground sandbox misc tools utils baseline baselines draft unused notebooks
    notebook lib
    """
)  # fmt: skip
_NAMES: tuple[tuple[re.Pattern[str], float, str], ...] = (
    (re.compile(r"(?i)^test[_\d]|_test$|^test$|^conftest$|unittest"), -2.5, "its name is a test's"),
    (re.compile(r"(?i)(^|_)(benchmark|bench)(_|$)"), -1.5, "its name is a benchmark's"),
    (re.compile(r"(?i)predict|infer|serv|deploy|evaluat|(^|_)eval(_|$)|visuali|plot|(^|_)app(_|$)|demo|api|client|score|detect_|webcam|gui|ui(_|$)|explain|dashboard"), -1.0, "its name is not a training's"),
    (re.compile(r"(?i)(hyper|tun(e|ing|er)|sweep|grid_?search|optuna|search|ablation|cross_?val|kfold|compare|comparison|baseline|retrain|tweak|change|experiment|explor|eda|analysis)"), -0.8, "its name is a side experiment's"),
    (re.compile(r"(?i)(old|backup|copy|bak|tmp|temp|draft|deprecated|legacy|scratch|unused|checkpoint|\(\d\)|_v0)"), -1.0, "its name is an old copy's"),
    (re.compile(r"(?i)(util|helper|common|config|dataset|dataloader|preprocess|(^|_)data(_|$)|layers|metrics|losses|callbacks)"), -0.7, "its name is a helper's"),
    (re.compile(r"(?i)^(train|training|trainer|run_training|train_?model|model_?train(ing|er)?|main_train|do_train|start_train(ing)?)$"), 2.0, "its name says training"),
    (re.compile(r"(?i)(^|[_\-\d])train(ing|er)?($|[_\-\d])|train"), 1.5, "its name says training"),
    (re.compile(r"(?i)^(main|__main__|run|start|index)$"), 1.4, "its name says start here"),
    (re.compile(r"(?i)main|pipeline"), 0.8, "its name says start here"),
    (re.compile(r"(?i)^(model|classifier|solution|final|submission|code|program|script|task\d*|project)|final"), 0.4, "its name says the main script"),
)  # fmt: skip
_SAVES = re.compile(
    r"\.save(?:_model|_weights|_pretrained)?\(|joblib\.dump|pickle\.dump|torch\.save|save_model\(|to_csv\(|ModelCheckpoint|\.dump\("
)
_SERVES = re.compile(
    r"(?m)^\s*(?:from|import)\s+(flask|fastapi|streamlit|gradio|django|dash|bottle|telebot|uvicorn)\b"
)


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
    mentions = _mentions(program)
    for item in found:
        _score(program, item, mentions)
    _imported_by_others(found)
    found.sort(key=lambda r: (-round(r.score, 3), r.source.path.count("/"), r.source.path))


def is_tie(found: list[Ranked]) -> bool:
    """Whether nothing tells the first candidate from the second."""
    return len(found) > 1 and found[0].score - found[1].score < TIE


def _add(item: Ranked, points: float, why: str) -> None:
    item.score += points
    if why and why not in item.why:
        item.why.append(why)


def _score(program: Program, item: Ranked, mentions: dict[str, tuple[float, str]]) -> None:
    source, verdict = item.source, item.verdict
    direct = [e for e in verdict.trainings if not e.by_import]
    own = [e for e in direct if e.file == source.path]
    first = (own or direct or verdict.trainings)[0] if verdict.trainings else None
    item.score = 3.0 * verdict.strength
    if first is not None:
        item.why.append(
            f"{source.place(first.line) if first.file == source.path else f'{first.file}:{first.line}'} {first.sentence}"
        )
    if not direct:
        _add(item, -2.0, "it trains only because it imports a file that does")
    elif not own:
        _add(item, 0.1, "the training is in a file that it calls")
    mention = mentions.get(source.path)
    if mention is not None:
        _add(item, *mention)
    for pattern, points, why in _NAMES:
        if pattern.search(source.name):
            _add(item, points, why)
            break
    folders = source.path.lower().split("/")[:-1]
    if any(f in _TEST_PARTS for f in folders):
        _add(item, -2.5, "it lies in a test folder")
    elif any(f in _ASIDE_PARTS for f in folders):
        _add(item, -0.7, "it lies in a side folder")
    elif any("train" in f for f in folders):
        _add(item, 0.4, "its folder says training")
    item.score -= 0.3 * len(folders)
    if _SAVES.search(source.text):
        _add(item, 0.5, "it saves what it trained")
    if _SERVES.search(source.text):
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
        isinstance(n, ast.If) and isinstance(n.test, ast.Compare) and isinstance(n.test.left, ast.Name) and n.test.left.id == "__name__"
        for n in tree.body
    )  # fmt: skip


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


def _mentions(program: Program) -> dict[str, tuple[float, str]]:
    """Scripts that README, Makefile, Dockerfile, CI or shell scripts name: points and why."""
    out: dict[str, tuple[float, str]] = {}
    paths = list(program.sources)
    if len(paths) < 2:
        return out
    order = 0
    for text_path in sorted(program.layout.texts, key=lambda p: (p.count("/"), p))[:60]:
        text = files.read_text(program.root, text_path)
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > 2_000 or (".py" not in line and ".ipynb" not in line and " -m " not in line):
                continue
            command = _COMMAND.search(line) is not None
            named = [m.replace("\\", "/") for m in _SCRIPT.findall(line)]
            named += [m.replace(".", "/") + ".py" for m in _MODULE.findall(line)]
            named += [m.replace(".", "/") + "/__main__.py" for m in _MODULE.findall(line)]
            for name in named:
                path = _matching(paths, name, text_path)
                if path is None:
                    continue
                points = 2.5 if command else 0.6
                old = out.get(path)
                if old is None or old[0] < points - 0.3:
                    points -= min(0.2, 0.03 * order)
                    order += 1
                    verb = "starts" if command else "names"
                    out[path] = (points, f"{text_path}:{number} {verb} it")
    for source in program.sources.values():
        if ".py" in source.text and ("subprocess" in source.text or "os.system" in source.text):
            for name in _LAUNCHED.findall(source.text):
                path = _matching(paths, name.replace("\\", "/"), source.path)
                if path is not None and path not in out and path != source.path:
                    out[path] = (0.5, f"{source.path} starts it")
    return out


def _matching(paths: list[str], name: str, text_path: str) -> str | None:
    name = name.lstrip("./").rstrip("/")
    folder = text_path.rpartition("/")[0]
    near = f"{folder}/{name}" if folder else name
    for exact in (near, name):
        if exact in paths:
            return exact
    matches = [p for p in paths if p.endswith("/" + name)]
    if not matches:
        tail = name.rpartition("/")[2]
        matches = [p for p in paths if p.rpartition("/")[2] == tail]
    return matches[0] if len(matches) == 1 else None
