"""`python -m trainyard_harness.predict [--prepared] FILE`: a model's answers to the samples in a file.

The file is CSV, JSON or NPY; a relative one is taken from TRAINYARD_SOURCE where it is not here. The model is
that of the trial in TRAINYARD_PARENT, or else TRAINYARD_TRIAL. Prints one line of JSON,
`{"predictions": [...], ...}`, or `{"error": ..., "hint": ...}` with exit code 2.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

from trainyard_harness import prepared
from trainyard_harness import signature as signatures
from trainyard_harness.files import plain
from trainyard_harness.numbers import labels_of

PREPARED = "--prepared"
"""The samples have been through the script's preprocessing already."""


class SampleError(Exception):
    """The samples are not what the model takes. `hint` says what it takes."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def main() -> int:
    try:
        files = [one for one in sys.argv[1:] if one != PREPARED]
        if len(files) != 1:
            raise SampleError("One file of samples is expected.", "Give a CSV, JSON or NPY file.")
        answer = predict(model_folder(), _file(files[0]), PREPARED in sys.argv)
    except SampleError as error:
        print(json.dumps({"error": str(error), "hint": error.hint}))
        return 2
    print(json.dumps(answer))
    return 0


def model_folder() -> Path:
    """The `model/` of the trial that the environment names."""
    for variable, default in (("TRAINYARD_PARENT", "/parent"), ("TRAINYARD_TRIAL", "/trial")):
        folder = Path(os.environ.get(variable) or default) / "model"
        if folder.is_dir() and any(folder.iterdir()):
            return folder
    raise SampleError("There is no trained model here.", "Set TRAINYARD_PARENT to a trial's folder.")


def predict(folder: Path, path: Path, is_prepared: bool = False) -> dict[str, Any]:
    """The answers of the model in `folder` to the samples in `path`: see `Model.answer`.

    Raises:
        SampleError: the file cannot be read, or does not hold what the model takes.
    """
    samples = read_samples(path)
    return Model(folder).answer(samples, is_prepared)


class Model:
    """A saved model, loaded once.

    Args:
        folder: the trial's `model/`.

    Raises:
        SampleError: it has no signature.
    """

    def __init__(self, folder: Path) -> None:
        from trainyard_harness.reevaluate import loaded

        known = signatures.read(folder)
        if known is None:
            raise SampleError("The model has no signature: what it takes is not known.")
        self.known = known
        self._model, self._adapter = loaded(folder)
        self._preprocessing = known.get("preprocessing") or {"state": "none", "steps": [], "why": ""}
        self._steps = prepared.loaded(folder, self._preprocessing["steps"])

    def answer(self, samples: Any, is_prepared: bool = False) -> dict[str, Any]:
        """The answers to `samples`, as `read_samples` gives them.

        Args:
            is_prepared: they have been through the script's preprocessing already.

        Returns:
            `predictions` (a label or a number per sample), `scores` (the model's output per sample, for
            classifiers that give one), `n`, `labels` where the classes have names, and `preprocessing`: the
            steps that were applied, or why none were.

        Raises:
            SampleError: they are not what the model takes.
        """
        x, said = self._as_fitted(samples, is_prepared)
        output = self.output(x)
        labels = self.known["labels"]
        answer: dict[str, Any] = {"n": len(output), "preprocessing": said}
        if self.known["task"] == "classification" and self.known["kind"] != "labels":
            chosen = labels_of(output, self.known["kind"])
            answer["scores"] = plain(output.tolist())
            answer["predictions"] = _named(chosen, labels)
        else:
            is_number = self.known["task"] == "classification" and output.dtype.kind in "iu"
            answer["predictions"] = _named(output, labels) if is_number else plain(output.tolist())
        if labels:
            answer["labels"] = labels
        return answer

    def output(self, x: Any) -> Any:
        """The model's own output for samples in the form that it was trained on."""
        return self._adapter.predict(self._model, x)

    def _as_fitted(self, samples: Any, is_prepared: bool) -> tuple[Any, dict[str, Any]]:
        """The samples as the model gets them, and what was done to them."""
        known, steps = self.known, self._preprocessing
        if is_prepared or not self._steps:
            said = "the samples were said to be prepared" if is_prepared else steps["why"]
            return _fitted_to(samples, known), {"applied": [], "why": said}
        try:
            raw = _fitted_to(samples, {**known, **steps})
        except SampleError:
            with contextlib.suppress(SampleError):
                why = "the samples have the form that the preprocessing makes"
                return _fitted_to(samples, known), {"applied": [], "why": why}
            raise
        names = [one["name"] for one in steps["steps"]]
        try:
            made = prepared.apply(self._steps, raw)
        except Exception as error:
            raise SampleError(f"The samples do not go through {', '.join(names)}: {error}") from error
        x = made if hasattr(made, "tocsr") else _fitted_to(made, known)
        return x, {"applied": names, "why": steps["why"]}


def _named(chosen: Any, labels: list[Any] | None) -> list[Any]:
    flat = chosen.reshape(-1).tolist() if chosen.ndim == 2 and chosen.shape[1] == 1 else chosen.tolist()
    if not labels or (flat and isinstance(flat[0], list)):
        return list(flat)
    return [labels[one] if 0 <= one < len(labels) else one for one in flat]


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_absolute() and not path.exists():
        path = Path(os.environ.get("TRAINYARD_SOURCE") or "/src") / name
    if not path.is_file():
        raise SampleError(f"{name}: no such file.")
    return path


def read_samples(path: Path) -> Any:
    """What the file holds: an array (NPY, JSON lists) or rows as dicts of text (CSV with a header)."""
    import numpy as np

    kind = path.suffix.lower()
    try:
        if kind == ".npy":
            return np.load(path, allow_pickle=False)
        if kind == ".json":
            return from_json(json.loads(path.read_text("utf-8")))
        if kind == ".csv":
            return _from_csv(path)
    except (ValueError, OSError, csv.Error, UnicodeDecodeError) as error:
        raise SampleError(f"{path.name}: cannot be read ({error}).") from error
    raise SampleError(f"{path.name}: {kind or 'no suffix'} is not known.", "Give a CSV, JSON or NPY file.")


def from_json(value: Any) -> Any:
    """Samples as JSON has them: a list, or an object with one as `samples` or `instances`.

    Raises:
        ValueError: neither.
    """
    import numpy as np

    if isinstance(value, dict):
        value = value.get("samples", value.get("instances", [value]))
    if not isinstance(value, list) or not value:
        raise ValueError("a list of samples is expected")
    if isinstance(value[0], dict):
        return value
    array = np.asarray(value)
    return array if array.dtype.kind in "biuf" or array.ndim < 2 else np.asarray(value, dtype="object")


def _from_csv(path: Path) -> Any:
    """Rows as dicts where the first line is no numbers, else a matrix."""
    import numpy as np

    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        raise ValueError("it is empty")
    if any(len(row) != len(rows[0]) for row in rows):
        line = next(place for place, row in enumerate(rows, 1) if len(row) != len(rows[0]))
        raise ValueError(f"line {line} has {len(rows[line - 1])} fields, the first has {len(rows[0])}")
    if all(_is_number(one) for one in rows[0]):
        return np.asarray(rows, dtype="float64")
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fitted_to(samples: Any, known: dict[str, Any]) -> Any:
    """The samples as the model takes them."""
    if known["columns"]:
        return _table(samples, known["columns"])
    if len(known["inputs"]) != 1:
        raise SampleError("The model takes several inputs: predictions from one file are not possible.")
    import numpy as np

    wanted = known["inputs"][0]
    shape, kind = wanted["shape"], wanted["dtype"]
    if shape is None:
        raise SampleError("It is not known what the model takes.")
    hint = f"The model takes samples of {' x '.join(map(str, shape)) or 'one value'} ({kind})."
    if isinstance(samples, list):
        one = not shape and all(wanted["name"] in row for row in samples)
        samples = [row[wanted["name"]] if one else list(row.values()) for row in samples]
    try:
        array = np.asarray(samples)
        if kind == "object" and array.dtype.kind in "UO":
            array = _mixed(array, wanted.get("kinds"))
        elif array.dtype.kind in "UO" and kind[:3] not in {"str", "obj"}:
            array = array.astype("float64")
    except ValueError as error:
        raise SampleError(f"The samples are no numbers ({error}).", hint) from error
    size = int(np.prod(shape)) if shape else 1
    if shape and list(array.shape) == shape:  # one sample without the batch axis
        array = array[None]
    if array.ndim < 1 or not array.size or array.size % size or array.size // size != len(array):
        got = " x ".join(map(str, array.shape[1:])) or "one value"
        raise SampleError(f"The samples are of {got}.", hint)
    array = array.reshape(len(array), *shape)
    return array.astype(kind) if array.dtype.kind in "biuf" and kind[:3] in {"int", "flo", "uin"} else array


def _mixed(array: Any, kinds: list[str] | None) -> Any:
    """Text from a file in a table without names: the columns that held numbers hold numbers again."""
    array = array.astype("object")
    for place, one in enumerate(kinds or []):
        if one == "number" and array.ndim == 2 and place < array.shape[1]:
            array[:, place] = array[:, place].astype("float64")
    return array


def _table(samples: Any, columns: list[dict[str, str]]) -> Any:
    import pandas

    names = [one["name"] for one in columns]
    hint = f"The model takes the columns {', '.join(names)}."
    if isinstance(samples, list):
        samples = [_dummied(row, names) for row in samples]
        missing = [name for name in names if any(name not in row for row in samples)]
        if missing:
            raise SampleError(f"Columns are missing: {', '.join(missing)}.", hint)
        table = pandas.DataFrame([{name: row[name] for name in names} for row in samples])
    elif samples.ndim == 2 and samples.shape[1] == len(names):
        table = pandas.DataFrame(samples, columns=names)
    else:
        raise SampleError(f"{len(names)} columns are expected.", hint)
    for one in columns:
        try:
            table[one["name"]] = _typed(table[one["name"]], one["dtype"])
        except (ValueError, TypeError) as error:
            raise SampleError(f"Column {one['name']}: {error}.", hint) from error
    return table


def _typed(column: Any, dtype: str) -> Any:
    """A column of text or numbers as what it was in the training; an empty field is a missing value."""
    if dtype == "bool":
        return column.astype(str).str.lower().isin(["1", "1.0", "true", "yes"])
    if dtype in {"object", "str", "string", "category"}:
        return column.where(column != "", None if dtype == "string" else float("nan"))
    return column.replace("", "nan").astype(dtype)


def _dummied(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A row with the 0/1 columns that `pandas.get_dummies` makes of its text (`city_Leeds` from `city`)."""
    found = dict(row)
    for column, value in row.items():
        made = [name for name in names if name.startswith(f"{column}_") and name not in row]
        if column not in names:
            found |= {name: "1" if name == f"{column}_{value}" else "0" for name in made}
    return found


if __name__ == "__main__":
    sys.exit(main())
