"""What to install: what the repository states, else what the entry script imports."""

from __future__ import annotations

import re
from typing import Any

from trainyard.detect import files
from trainyard.detect.events import Log
from trainyard.detect.knowledge.distributions import distribution
from trainyard.detect.knowledge.names import canonical
from trainyard.detect.knowledge.words import words
from trainyard.detect.program import Program
from trainyard.detect.result import Need, Needs
from trainyard.toml import parse

_LINE = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(\[[\w,\s.-]*\])?\s*([=<>!~]=?=?\s*[\w.*+!,<>=~\s]+)?\s*(;.*)?$")
_CONDA_PIN = re.compile(r"^([\w.-]+)(?:\s*=\s*([\w.*]+)(?:=[\w.*]+)?)?$")
_IGNORED_CONDA = words(
    """
    python pip conda setuptools wheel cudatoolkit cudnn anaconda mkl jupyter notebook ca-certificates
    openssl pytorch-cuda cpuonly
    """
)
_RENAMED = {
    "pytorch": "torch",
    "opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "tensorflow-gpu": "tensorflow",
    "matplotlib-base": "matplotlib",
    "sklearn": "scikit-learn",
    "opencv-python": "opencv-python-headless",
    "opencv-contrib-python": "opencv-contrib-python-headless",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-macos": "tensorflow",
    "tf-nightly": "tensorflow",
    "pillow-simd": "pillow",
    "tensorflow-intel": "tensorflow",
}
MAX_REQUIREMENTS = 400


def normal(name: str) -> str:
    """A distribution's name in its normal spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(program: Program, entry: str, log: Log, provided: set[str]) -> Needs:
    """The stated requirements of the file nearest to the entry script; where there is none, its imports."""
    chosen = _file(program, entry)
    if chosen is not None:
        found = _stated(program, chosen, provided)
        if found.requirements or found.skipped:
            return found
    return Needs(requirements=_imported(log, provided))


_ORDER = (
    "requirements.txt",
    "requirement.txt",
    "requirements.in",
    "pyproject.toml",
    "environment.yml",
    "environment.yaml",
    "conda.yaml",
    "conda.yml",
)


def _file(program: Program, entry: str) -> str | None:
    folder = entry.rpartition("/")[0]
    near = [
        p
        for p in program.layout.requirements
        if (p.rpartition("/")[0] or folder) in (folder, "")
        or folder.startswith(p.rpartition("/")[0] + "/")
        or p.rpartition("/")[0] in ("requirements", "docker", "env")
    ]
    if not near:
        return None

    def rank(path: str) -> tuple[int, int, str]:
        place, _, name = path.rpartition("/")
        order = _ORDER.index(name) if name in _ORDER else len(_ORDER)
        if re.search(r"dev|test|doc|lint|gpu", name):
            order += 10
        return (order, -len(place), path)

    return min(near, key=rank)


def _stated(program: Program, path: str, provided: set[str]) -> Needs:
    out = Needs(file=path)
    text = _decoded(files.read(program.root, path, files.MAX_TEXT_BYTES) or b"")
    name = path.rpartition("/")[2].lower()
    if name.endswith(".toml"):
        lines = _pyproject(text)
    elif name.endswith((".yml", ".yaml")):
        lines = _conda(text)
    elif name.endswith(".py") or name == "pipfile":
        lines = []
    else:
        lines = list(enumerate(text.splitlines(), 1))
    for number, line in lines[: 4 * MAX_REQUIREMENTS]:
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        if not stripped:
            continue
        match = _LINE.match(stripped)
        if match is None:
            out.skipped.append(stripped[:200])
            continue
        plain = normal(match[1])
        plain = _RENAMED.get(plain, plain)
        version = re.sub(r"\s+", "", match[3] or "")
        version = re.sub(r"^=(?!=)", "==", version)
        marker = match[4] or ""
        extra = match[2] or ""
        requirement = f"{plain}{extra}{version}{marker}"
        if len(out.requirements) < MAX_REQUIREMENTS:
            out.requirements.append(
                Need(
                    requirement=requirement,
                    distribution=plain,
                    origin="file",
                    file=path,
                    line=number,
                    in_image=plain in provided,
                )
            )
    return out


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")  # PowerShell's `pip freeze > requirements.txt`
    return data.decode("utf-8-sig", "replace")


def _pyproject(text: str) -> list[tuple[int, str]]:
    try:
        content = parse(text)
    except ValueError:
        return []
    out: list[str] = []
    project = content.get("project")
    if isinstance(project, dict) and isinstance(project.get("dependencies"), list):
        out += [str(x) for x in project["dependencies"]]
    tool = content.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    wanted = poetry.get("dependencies") if isinstance(poetry, dict) else None
    if isinstance(wanted, dict):
        out += [_poetry(name, spec) for name, spec in wanted.items() if name != "python"]
    lines = text.splitlines()
    return [(_line_of(lines, entry), entry) for entry in out]


def _line_of(lines: list[str], entry: str) -> int:
    name = re.split(r"[^\w.-]", entry, maxsplit=1)[0]
    return next((n for n, line in enumerate(lines, 1) if name and name in line), 1)


def _poetry(name: str, spec: Any) -> str:
    version = spec if isinstance(spec, str) else spec.get("version") if isinstance(spec, dict) else None
    if not isinstance(version, str) or version == "*":
        return name
    caret = re.match(r"^[\^~](\d+)(?:\.(\d+))?", version)
    if caret:
        major, minor = int(caret[1]), int(caret[2] or 0)
        upper = f"{major + 1}" if version[0] == "^" and major else f"{major}.{minor + 1}"
        return f"{name}>={version[1:]},<{upper}"
    return f"{name}=={version}" if version[:1].isdigit() else f"{name}{version}"


def _conda(text: str) -> list[tuple[int, str]]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    wanted = content.get("dependencies") if isinstance(content, dict) else None
    lines = text.splitlines()
    out: list[tuple[int, str]] = []
    for entry in wanted if isinstance(wanted, list) else []:
        if isinstance(entry, str):
            match = _CONDA_PIN.match(entry.rpartition("::")[2].strip())
            name, version = (match[1], match[2]) if match else (entry, None)
            plain = name.lower()
            if plain not in _IGNORED_CONDA and not plain.startswith(("lib", "_", "vc", "vs20", "cuda")):
                out.append((_line_of(lines, entry), f"{name}=={version}" if version else name))
        elif isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            # only text: what aliases nest is endless once it is written out
            out += [(_line_of(lines, one), one) for one in entry["pip"] if isinstance(one, str)]
    return out


_IMPLIED = {"lightning": ["lightning"], "transformers": ["transformers"]}


def _imported(log: Log, provided: set[str]) -> list[Need]:
    seen: dict[str, Need] = {}
    for name, (file, line, fallback) in log.imports.items():
        top = name.partition(".")[0]
        if fallback or not top:
            continue
        plain = distribution(top)
        if name.startswith("google.cloud"):
            plain = "google-cloud-storage"
        if plain is None or plain in seen or not re.match(r"^[A-Za-z0-9][\w.-]*$", plain):
            continue
        seen[plain] = Need(
            requirement=plain,
            distribution=normal(plain),
            origin="import",
            file=file,
            line=line,
            in_image=normal(plain) in provided,
        )
    if (
        any(canonical(n).startswith("transformers.") and n.endswith("Trainer") for n in log.imports)
        and "accelerate" not in seen
    ):
        first = seen.get("transformers")
        if first is not None:
            seen["accelerate"] = Need(
                requirement="accelerate",
                distribution="accelerate",
                origin="import",
                file=first.file,
                line=first.line,
            )
    return list(seen.values())
