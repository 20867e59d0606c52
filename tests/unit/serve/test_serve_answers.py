"""What a model says is data with a shape or is refused; signatures in the words of TensorFlow Serving."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from trainyard.serve import answers
from trainyard.serve.answers import AnswerError, Column, Input, Preprocessing, Signature


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        (b"]}[", 502, "garbage"),
        (b"[]", 502, "garbage"),
        (b'{"predictions": 7}', 502, "garbage"),
        (b'{"predictions": ["\xff"]}', 502, "garbage"),
        (b'{"predictions": [NaN, 1]}', 502, "garbage"),
        (b'{"predictions": ' + b"[" * 10**6 + b"]" * 10**6 + b"}", 502, "garbage"),
        (b'{"predictions": [1]}', 502, "1 answers to 2 samples"),
        (b"{}", 502, "0 answers to 2 samples"),
        (b'{"error": "\x1b[2J too\nwide", "hint": "of 4"}', 502, "garbage"),
        (json.dumps({"error": "\x1b[2J too\nwide", "hint": "of 4"}).encode(), 400, "?[2J too wide of 4"),
        (b'{"failed": "ValueError: no"}', 500, "The model failed: ValueError: no"),
    ],
)
def test_what_is_no_answer_has_a_status_and_one_line(said: bytes, status: int, words: str) -> None:
    with pytest.raises(AnswerError) as raised:
        answers.answer(said, 2)
    assert (raised.value.status, words in str(raised.value)) == (status, True), raised.value
    assert len(str(raised.value)) < 600 and "\n" not in str(raised.value)


def test_an_answer_holds_what_was_asked_for_and_nothing_else_of_what_was_said() -> None:
    said = answers.answer(b'{"predictions": ["a", "b"], "scores": [[0.9], [0.1]], "n": 2, "x": 1}', 2)
    assert (said.predictions, said.scores, said.labels) == (["a", "b"], [[0.9], [0.1]], None)
    assert "preprocessing" not in msgspec.to_builtins(said)


def test_an_answer_says_what_was_done_to_the_samples_first() -> None:
    told = b'{"predictions": [1], "preprocessing": {"applied": ["StandardScaler"], "why": ""}}'
    assert msgspec.to_builtins(answers.answer(told, 1))["preprocessing"] == {"applied": ["StandardScaler"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[[1, 2]]", 400),
        (b'{"inputs": {}}', 400),
        (b'{"instances": []}', 400),
        (b'{"instances": [1, 2, 3]}', 413),
        (b'{"instances": ' + b"[" * 10**6 + b"]" * 10**6 + b"}", 400),
    ],
)
def test_what_is_no_question_does_not_reach_the_model(body: bytes, status: int) -> None:
    with pytest.raises(AnswerError) as raised:
        answers.question(body, 2)
    assert raised.value.status == status


def test_a_question_is_counted_and_not_looked_into() -> None:
    assert answers.question(b'{"signature_name": "x", "instances": [{"b64": ""}, [[1]]]}', 2) == 2


def signature_def(known: Signature) -> Any:
    said = answers.metadata("digits", "run", known)
    return said["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]


def test_a_signature_is_said_in_the_words_of_tensorflow_serving() -> None:
    images = Signature(inputs=[Input("input", "float32", [28, 28])], task="classification", labels=["a"])
    assert signature_def(images) == {
        "input": {
            "dtype": "DT_FLOAT",
            "name": "input",
            "tensor_shape": {
                "unknown_rank": False,
                "dim": [{"size": size, "name": ""} for size in ("-1", "28", "28")],
            },
        }
    }
    table = Signature(inputs=[], task="regression", columns=[Column("town", "object"), Column("m2", "int64")])
    assert {name: one["dtype"] for name, one in signature_def(table).items()} == {
        "town": "DT_STRING",
        "m2": "DT_INT64",
    }
    assert signature_def(Signature(inputs=[Input("x", "?")], task="?"))["x"]["tensor_shape"] == {
        "unknown_rank": True
    }


def test_a_signature_is_that_of_the_samples_before_the_scripts_preprocessing() -> None:
    known = Signature(inputs=[Input("input", "float32", [2])], task="classification")
    known.preprocessing = Preprocessing()
    assert list(signature_def(known)) == ["input"], "none was found"
    known.preprocessing = Preprocessing(columns=[Column("age", "int64")], inputs=[])
    assert list(signature_def(known)) == ["age"]
