"""What comes out of a model's sandbox, read as data; and how it is said in TensorFlow Serving's words."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from trainyard.runs.untrusted import printable

T = TypeVar("T")

_TYPES = {
    "float16": "DT_HALF",
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "int8": "DT_INT8",
    "int16": "DT_INT16",
    "int32": "DT_INT32",
    "int64": "DT_INT64",
    "uint8": "DT_UINT8",
    "uint16": "DT_UINT16",
    "uint32": "DT_UINT32",
    "uint64": "DT_UINT64",
    "bool": "DT_BOOL",
}
"""Of TensorFlow's tensorflow/core/framework/types.proto; whatever else samples are made of is text."""


class AnswerError(Exception):
    """Why a question has no answer: an HTTP status, and one line."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Input(msgspec.Struct):
    """One input of a model: a sample's shape, without the batch axis."""

    name: str
    dtype: str
    shape: list[int] | None = None


class Column(msgspec.Struct):
    """One column, where the samples are a table."""

    name: str
    dtype: str


class Preprocessing(msgspec.Struct):
    """The script's own, kept beside its model: what its first step takes, where there is one."""

    inputs: list[Input] | None = None
    columns: list[Column] | None = None


class Signature(msgspec.Struct):
    """What a model takes and gives."""

    inputs: list[Input]
    task: str
    columns: list[Column] | None = None
    labels: list[Any] | None = None
    preprocessing: Preprocessing | None = None


class Health(msgspec.Struct):
    """The answer to the question whether it is well."""

    signature: Signature


class Question(msgspec.Struct):
    """The body of a request. What the samples are is the model's business."""

    instances: list[msgspec.Raw]
    signature_name: str = "serving_default"


class Prepared(msgspec.Struct, frozen=True, omit_defaults=True):
    """The steps that samples went through before the model, and what there is to say about them."""

    applied: list[str] = []
    why: str = ""


class Answer(msgspec.Struct, omit_defaults=True):
    """What the harness answers."""

    predictions: list[Any] = []
    scores: list[Any] | None = None
    labels: list[Any] | None = None
    preprocessing: Prepared = Prepared()


class _Said(Answer):
    error: str | None = None
    hint: str = ""
    failed: str | None = None


def question(body: bytes, most: int) -> int:
    """How many samples the body of a request holds.

    Raises:
        AnswerError: it is no question, or has more than `most`.
    """
    try:
        count = len(msgspec.json.decode(body, type=Question).instances)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerError(400, f'The body is not JSON like {{"instances": [...]}}: {error}.') from None
    if not 0 < count <= most:
        raise AnswerError(400 if not count else 413, f"It has {count} samples; 1 to {most} are answered.")
    return count


def answer(data: bytes, samples: int) -> Answer:
    """The model's answer to so many samples.

    Raises:
        AnswerError: it is none.
    """
    said = decoded(data, _Said)
    if said.error is not None:
        raise AnswerError(400, _line(f"{said.error} {said.hint}"))
    if said.failed is not None:
        raise AnswerError(500, _line(f"The model failed: {said.failed}"))
    if len(said.predictions) != samples:
        raise AnswerError(502, f"The model gave {len(said.predictions)} answers to {samples} samples.")
    return Answer(said.predictions, said.scores, said.labels, said.preprocessing)


def decoded(data: bytes, kind: type[T]) -> T:
    """JSON from the sandbox as that type.

    Raises:
        AnswerError: it is something else.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AnswerError(502, "The model answers garbage.") from None


def metadata(repo: str, version: str, signature: Signature) -> dict[str, Any]:
    """The signature as TensorFlow Serving's metadata; `labels` and `task` are ours."""
    raw = signature.preprocessing
    taken = raw if raw and raw.inputs is not None else signature
    if taken.columns:
        inputs = {one.name: _tensor(one.name, one.dtype, []) for one in taken.columns}
    else:
        inputs = {one.name: _tensor(one.name, one.dtype, one.shape) for one in taken.inputs or []}
    default = {"inputs": inputs, "outputs": {}, "method_name": "tensorflow/serving/predict"}
    return {
        "model_spec": {"name": repo, "signature_name": "serving_default", "version": version},
        "metadata": {
            "signature_def": {"signature_def": {"serving_default": default}},
            "task": signature.task,
            "labels": signature.labels,
        },
    }


def _tensor(name: str, dtype: str, shape: list[int] | None) -> dict[str, Any]:
    known: dict[str, Any] = {"unknown_rank": shape is None}
    if shape is not None:
        known["dim"] = [{"size": str(size), "name": ""} for size in [-1, *shape]]
    return {"dtype": _TYPES.get(dtype, "DT_STRING"), "tensor_shape": known, "name": name}


def _line(text: str) -> str:
    return printable(" ".join(text.split()))[:500]
