"""A look at the script's syntax before it trains: does it measure on data of its own afterwards?

Only what is needed at `fit` time, when it must be decided whether to hold rows out. Where this look is wrong
the training is run once more with rows held out (see __main__).
"""

from __future__ import annotations

import ast
from pathlib import Path

from trainyard_harness.notebook import source_of

_MEASURES = {"evaluate", "score", "evaluate_generator", "predict", "predict_proba", "predict_classes",
             "predict_generator", "decision_function"}  # fmt: skip
_FITS = {"fit", "fit_generator", "partial_fit", "fit_transform"}
_CROSS = {"cross_val_score", "cross_validate", "cross_val_predict"}
_TIME = {"TimeseriesGenerator", "timeseries_dataset_from_array", "TimeSeriesSplit"}


class Lookahead:
    """What the entry script and the local modules beside it say in their syntax."""

    def __init__(self, work: Path, entry: str) -> None:
        self._fitted: set[str] = set()
        self._measured: set[str] = set()
        self.calls: list[str] = []
        """The name of every call."""
        self.names: set[str] = set()
        """Every name and attribute used."""
        self.keywords: set[str] = set()
        """The name of every keyword argument."""
        for path in _files(work, entry):
            self._read(path)

    @property
    def measures_other_data(self) -> bool:
        """Whether something is evaluated, scored or predicted that is not what `fit` gets."""
        return bool(self._measured - self._fitted)

    @property
    def ordered(self) -> bool:
        """Whether the rows are a time series, as far as the names used show."""
        return bool(self.names & _TIME)

    def _read(self, path: Path) -> None:
        try:
            text = source_of(path)
            tree = ast.parse(text)
        except (OSError, ValueError, SyntaxError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                self.names.add(node.id)
            elif isinstance(node, ast.Attribute):
                self.names.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                self.keywords.add(node.arg)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self.calls.append(node.func.attr)
                self._call(node, node.func.attr)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                self.calls.append(node.func.id)

    def _call(self, node: ast.Call, name: str) -> None:
        if name not in _FITS | _MEASURES:
            return
        given = [*node.args[:1], *(one.value for one in node.keywords if one.arg in {"x", "X", "generator"})]
        for argument in given:
            if _is_literal(argument) or _is_sample(argument):
                continue
            (self._fitted if name in _FITS else self._measured).add(ast.unparse(argument))


def _is_sample(argument: ast.expr) -> bool:
    """`np.array([[5.1, 3.5]])`, `img[None]`, `np.expand_dims(img, 0)`: one sample tried by hand."""
    if isinstance(argument, ast.Call):
        if isinstance(argument.func, ast.Attribute) and argument.func.attr == "expand_dims":
            return True
        return bool(argument.args) and _is_literal(argument.args[0])
    return False


def _is_literal(node: ast.expr) -> bool:
    """`5.1`, `[[5.1, -3.5]]`: written out in the script."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(_is_literal(one) for one in node.elts)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and _is_literal(node.operand))


def _files(work: Path, entry: str) -> list[Path]:
    first = work / entry
    return [first, *(path for path in sorted(work.rglob("*.py"))[:200] if path != first)]
