"""Which scripts README, Makefile, Dockerfile, CI, shell scripts and other scripts name."""

from __future__ import annotations

import re

from trainyard.detect import files
from trainyard.detect.program import Program

_COMMAND = re.compile(
    r"(?i)(python[\d.]*w?|jupyter|ipython|papermill|torchrun|accelerate launch|deepspeed|streamlit run"
    r"|nbconvert|runipy|cmd|entrypoint|run:|script:|exec|spark-submit|\bpy\b|uv run)\b"
)
_SCRIPT = re.compile(r"[\w./\\-]+\.(?:py|ipynb)\b")
_MODULE = re.compile(r"python[\d.]*\s+-m\s+([\w.]+)")
_LAUNCHED = re.compile(r"python[\d.]*(?:['\"], *['\"]| )([\w./\\-]+\.py)")


def found(program: Program) -> dict[str, tuple[float, str]]:
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
