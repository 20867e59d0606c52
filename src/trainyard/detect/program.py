"""The repository as Python sees it: its scripts, parsed on demand, and which import means which file."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from trainyard.detect import files
from trainyard.detect.knowledge.words import words
from trainyard.detect.parse import Parsed, decode, parse

_KNOWN_LIBRARIES = words(
    """
    keras tensorflow torch torchvision sklearn xgboost lightgbm catboost numpy pandas scipy matplotlib
    transformers lightning pytorch_lightning jax flax optax statsmodels cv2 PIL nltk seaborn mlflow wandb
    argparse os sys json
    """
)


@dataclass
class Source:
    """One Python file or notebook."""

    path: str
    size: int
    text: str = ""
    parsed: Parsed | None = None
    read: bool = False
    triggers: bool | None = None
    """Whether the text holds anything that may train; None until somebody looked."""
    imported: set[str] = field(default_factory=set)
    """Words of its import lines, where it holds nothing that may train itself."""

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.path.rpartition("/")[2].rpartition(".")[0]

    @property
    def notebook(self) -> bool:
        return self.path.lower().endswith(".ipynb")

    @property
    def tree(self) -> ast.Module | None:
        return self.parsed.tree if self.parsed else None

    def place(self, line: int) -> str:
        """`file:line`, or the cell in a notebook."""
        if self.parsed and self.parsed.cells:
            number = sum(1 for start in self.parsed.cells if start <= line)
            return f"{self.path} cell {number}"
        return f"{self.path}:{line}"


class Program:
    """Sources by path, read and parsed when first asked for, within the byte budget of the whole tree."""

    def __init__(self, root: Path, tree: files.Tree) -> None:
        self.root = root
        self.layout = tree
        self.sources = {path: Source(path, size) for path, size in tree.scripts}
        self.notes: list[str] = list(tree.notes)
        self.total = 0
        self.by_name: dict[str, list[Source]] = {}
        self.packages: dict[str, list[Source]] = {}
        for source in self.sources.values():
            if source.name == "__init__":
                self.packages.setdefault(source.folder.rpartition("/")[2], []).append(source)
            elif not source.notebook:
                self.by_name.setdefault(source.name, []).append(source)

    def text(self, source: Source) -> str:
        """The source's text (for notebooks: the raw JSON), read once; empty where a bound is hit."""
        if not source.read:
            source.read = True
            limit = files.MAX_NOTEBOOK_BYTES if source.notebook else files.MAX_SCRIPT_BYTES
            if source.size > limit:
                self.notes.append(f"{source.path} is bigger than {limit // 1_000_000} MB and left out.")
                return ""
            if self.total > files.MAX_TOTAL_BYTES and not source.notebook:
                if not any(n.startswith("More than") for n in self.notes):
                    self.notes.append(
                        f"More than {files.MAX_TOTAL_BYTES // 1_000_000} MB of code: the rest is left out."
                    )
                return ""
            data = files.read(self.root, source.path, limit + 1) or b""
            if source.notebook:
                self._read_notebook(source, data)
            else:
                self.total += len(data)
                source.text = decode(data)
        return source.text

    def _read_notebook(self, source: Source, data: bytes) -> None:
        from trainyard.detect.notebook import parse_notebook

        source.parsed = parse_notebook(data)
        source.text = source.parsed.text
        if not source.parsed.line and source.parsed.reason:
            self.notes.append(f"{source.path} is {source.parsed.reason}.")
            source.parsed.reason = ""
        self.total += len(source.text)

    def parse(self, source: Source) -> Parsed:
        """The source's syntax tree and its problems."""
        text = self.text(source)
        if source.parsed is None:
            source.parsed = parse(text)
        return source.parsed

    def resolve(self, dotted: str, folder: str, importer: Source) -> tuple[Source | None, str | None]:
        """The file (and folder, for a package) that an absolute import means, as seen by a script in
        `folder`.

        Looks in the script's folder, the folder of the importing file, the top, `src`, then anywhere else
        where the dotted path is unique. A folder without `__init__.py` never hides an installed library, and
        a file that imports its own name means the library.
        """
        parts = dotted.split(".")
        head = parts[0]
        tried: list[str] = []
        for base in (folder, importer.folder, "", "src"):
            if base in tried:
                continue
            tried.append(base)
            found = self.at(base, parts)
            if found[0] is importer and len(parts) == 1 and head in _KNOWN_LIBRARIES:
                return None, None
            if found[0] is not None or (found[1] is not None and head not in _KNOWN_LIBRARIES):
                first = self.at(base, parts[:1])[0]
                if len(parts) > 1 and first is importer:
                    return None, None
                return found
        if head in _KNOWN_LIBRARIES:
            return None, None
        return self._elsewhere(parts)

    def at(self, base: str, parts: list[str]) -> tuple[Source | None, str | None]:
        """The module `parts` under the folder `base`: its file, and its folder where it is a package."""
        path = "/".join([base, *parts] if base else parts)
        source = self.sources.get(path + ".py")
        if source is not None:
            return source, None
        package = self.sources.get(path + "/__init__.py")
        if package is not None:
            return package, path
        return None, path if path in self.layout.folders else None

    def _elsewhere(self, parts: list[str]) -> tuple[Source | None, str | None]:
        tail = "/".join(parts) + ".py"
        matches = [
            s for s in self.by_name.get(parts[-1], ()) if s.path == tail or s.path.endswith("/" + tail)
        ]
        if len(matches) == 1:
            return matches[0], None
        return None, None


_TRIGGERS = re.compile(
    r"\.(?:fit|partial_fit|train|\w*backward\(|minimize|apply_gradients|learn\(|search\(|update\(|tune\(|fine_?tune"
    r"|autofit|SGD)|cross_val|auto_arima|grad|polyfit|lstsq|pinv\(|inv\(|curve_fit|linregress|fmin|compare_models"
    r"|create_model|supervised_trainer|Engine\(|_curve\(|\.dot\(|permutation_test_score\(|Scan\(|LightningCLI|svm_train"
    r"|def (?:fit|train|backprop|k_?means|build_tree)|-="
    r"|(?:lr|rate|alpha|eta|step_?size|epsilon)\)? ?[*/]"
    r"|\* ?(?:self\.)?(?:lr|alpha|eta|l_rate|rate|learning_?rate|step_?size)\b"
)
_IMPORTS = re.compile(
    r"(?m)^[ \t]*(?:from|import)[ \t]+([^\n#(]+(?:\([^)]*\))?)"
    r"|(?:import_module|__import__|open|run_path|run_module|execfile)\(\s*['\"]([\w./]+)"
)
_WORD = re.compile(r"\w+")


def may_train(program: Program, source: Source) -> bool:
    """A cheap look at a script and the local files that it seems to import: false where nothing there can
    train.
    """
    seen = {source.path}
    queue = [source]
    for item in queue:
        if _triggers(program, item):
            return True
        for word in item.imported:
            for other in program.by_name.get(word, ()):
                if other.path not in seen:
                    seen.add(other.path)
                    queue.append(other)
            if word in program.packages:
                for other in program.packages[word]:
                    if other.path not in seen:
                        seen.add(other.path)
                        queue.append(other)
    return False


def _triggers(program: Program, source: Source) -> bool:
    """Whether a file's own text may train; also fills `source.imported`. Looked at once."""
    if source.triggers is None:
        text = program.text(source)
        source.triggers = _TRIGGERS.search(text) is not None
        if not source.triggers:
            for module, path in _IMPORTS.findall(text):
                source.imported.update(_WORD.findall(module or path))
    return source.triggers
