"""One file of the developer's, rewritten by LibCST: everything that is not changed stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from trainyard.runs.untrusted import inside

MAX_BYTES = 2 * 2**20
"""A larger file is no script."""

N = TypeVar("N", bound=cst.CSTNode)
Change = Callable[[Any], Any]


class UnpatchableError(Exception):
    """The source can't be made to say what is wanted; the text says why, as a sentence without its dot."""


class Source:
    """A file and the changes to it.

    Args:
        file: its path in the repository, as places name it.
        data: its content.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file, self.data = file, data
        try:
            wrapper = MetadataWrapper(cst.parse_module(data))
        except (cst.ParserSyntaxError, UnicodeDecodeError, RecursionError, LookupError):
            raise UnpatchableError(f"{file} is not Python that can be rewritten") from None
        self.module = wrapper.module
        self._ranges = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._lines = data.split(b"\n")
        self._calls = {
            (place.end.line, place.end.column): node
            for node, place in self._ranges.items()
            if isinstance(node, cst.Call)
        }
        self._kinds: dict[type[Any], list[Any]] = {}
        self.imports: dict[str, tuple[cst.CSTNode, list[str]]] = {}
        """What is imported besides: by module the line behind which, and the names."""
        self.extended: set[str] = set()
        """Names put into imports that are there."""
        self.lists: dict[cst.CSTNode, Any] = {}
        """Edits of lists that are gathered until all are known."""
        self._changes: dict[cst.CSTNode, list[Change]] = {}
        self._around: dict[cst.CSTNode, tuple[list[cst.CSTNode], list[cst.CSTNode]]] = {}

    def call(self, line: int, column: int) -> cst.Call | None:
        """The call that ends there; `column` in bytes, as Python's code objects count."""
        if not 0 < line <= len(self._lines):
            return None
        text = self._lines[line - 1][:column].decode(errors="replace")
        return self._calls.get((line, len(text)))

    def nodes(self, kind: type[N]) -> list[N]:
        """Every node of that kind, in the order of the text."""
        if kind not in self._kinds:
            found = [node for node in self._ranges if isinstance(node, kind)]
            self._kinds[kind] = sorted(found, key=self._key)
        return self._kinds[kind]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(node)

    def enclosing(self, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        """The nearest node around this one that is of one of these kinds."""
        found = self.parent(node)
        while found is not None and not isinstance(found, kinds):
            found = self.parent(found)
        return found

    def line(self, node: cst.CSTNode) -> int:
        return self._ranges[node].start.line

    def at(self, node: cst.CSTNode) -> str:
        """`file:line`, for sentences."""
        return f"{self.file}:{self.line(node)}"

    def text(self, node: cst.CSTNode) -> str:
        return self.module.code_for_node(node)

    def expression(self, text: str) -> cst.BaseExpression:
        return cst.parse_expression(text, config=self.module.config_for_parsing)

    def quoted(self, text: str) -> str:
        """A string literal in the quotes that the file prefers."""
        plain = repr(text)
        if self.data.count(b'"') < self.data.count(b"'") or '"' in text or "\\" in plain:
            return plain
        return f'"{plain[1:-1]}"'

    def change(self, node: cst.CSTNode, change: Change) -> None:
        """`change` gets the node as changed so far and returns what stands in its place."""
        self._changes.setdefault(node, []).append(change)

    def replace(self, node: cst.CSTNode, text: str) -> None:
        new = self.expression(text)
        self.change(node, lambda _: new)

    def remove(self, node: cst.CSTNode) -> None:
        self.change(node, lambda _: cst.RemoveFromParent())

    def insert(self, beside: cst.CSTNode, *, before: Sequence[Any] = (), after: Sequence[Any] = ()) -> None:
        """Puts nodes around one that stands in a sequence. What is put behind twice stands in that order."""
        around = self._around.setdefault(beside, ([], []))
        around[0].extend(before)
        around[1].extend(after)

    def statement(self, text: str) -> cst.BaseStatement | cst.SimpleStatementLine:
        return cst.parse_statement(text, config=self.module.config_for_parsing)

    def changed(self) -> bytes:
        """The file with all changes made."""
        if not (self._changes or self._around or self.imports):
            return self.data
        for module, (line, names) in sorted(self.imports.items()):
            self.insert(line, after=[self.statement(f"from {module} import {', '.join(names)}\n")])
        self.imports.clear()
        return self.module.visit(_Rewrite(self._changes, self._around)).bytes

    def _key(self, node: cst.CSTNode) -> tuple[int, int]:
        start = self._ranges[node].start
        return start.line, start.column


class Sources:
    """The Python files of a checkout, read when they are asked for. Nothing outside of it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._read: dict[str, Source] = {}

    def of(self, file: str) -> Source:
        """Raises: UnpatchableError where there is no such plain file."""
        if file not in self._read:
            path = self._folder / file
            there = inside(self._folder, file) is not None and not path.is_symlink()
            if not there or not path.is_file() or path.stat().st_size > MAX_BYTES:
                raise UnpatchableError(f"{file} is not a plain file of the repository")
            if path.suffix != ".py":
                raise UnpatchableError(f"{file} is no Python script")
            self._read[file] = Source(file, path.read_bytes())
        return self._read[file]

    def call(self, place: str) -> tuple[Source, cst.Call]:
        """The call that a place of the harness's (`file:line:column` of its end) names.

        Raises:
            UnpatchableError: no call ends there, or the file can't be read.
        """
        file, line, column = [*place.rsplit(":", 2), "", ""][:3]
        if not (line.isdecimal() and column.isdecimal()):
            raise UnpatchableError("the code was not told where the script makes its model")
        if file.endswith("_notebook.py") and not (self._folder / file).exists():
            raise UnpatchableError("a notebook is not patched; the moves say what to change in its cells")
        source = self.of(file)
        call = source.call(int(line), int(column))
        if call is None:
            raise UnpatchableError(f"{file}:{line} makes its model in a way that can't be rewritten")
        return source, call

    def changed(self) -> dict[str, tuple[bytes, bytes]]:
        """File: (as it was, as it is now), for files that changed."""
        found = {name: (one.data, one.changed()) for name, one in sorted(self._read.items())}
        return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


class _Rewrite(cst.CSTTransformer):
    def __init__(self, changes: dict[cst.CSTNode, list[Change]], around: dict[cst.CSTNode, Any]) -> None:
        self._changes, self._around = changes, around

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        updated: Any = super().on_leave(original_node, updated_node)
        for change in self._changes.get(original_node, []):
            updated = change(updated)
        if original_node not in self._around:
            return updated
        before, after = self._around[original_node]
        kept = [] if isinstance(updated, cst.RemovalSentinel) else [updated]
        if kept and before and isinstance(updated, cst.SimpleStatementLine):
            before = [before[0].with_changes(leading_lines=updated.leading_lines), *before[1:]]
            kept = [updated.with_changes(leading_lines=())]
        return cst.FlattenSentinel([*before, *kept, *after])
