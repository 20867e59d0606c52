"""Output layers and losses that don't go together, by themselves and with labels."""

from __future__ import annotations

import pytest

from trainyard_harness.mistakes import Head, Labels, of_network


@pytest.mark.parametrize(
    ("units", "function", "loss", "classes"),
    [
        (1, "sigmoid", "binary_crossentropy", 10),
        (1, "softmax", "binary_crossentropy", 2),
        (1, "sigmoid", "categorical_crossentropy", 2),
        (5, "softmax", "sparse_categorical_crossentropy", 10),
        (10, "relu", "sparse_categorical_crossentropy", 10),
        (1, "tanh", "binary_crossentropy", 2),
        (1, "elu", "binary_crossentropy", 2),
        (10, "tanh", "sparse_categorical_crossentropy", 10),
    ],
)
def test_wrong_heads_are_hopeless(units: int, function: str, loss: str, classes: int) -> None:
    head = Head(units, function, loss, from_logits=False)
    first = of_network(head, Labels(classes))[0]
    assert first.hopeless
    assert f"Dense({units}" in first.sentence


@pytest.mark.parametrize(
    ("units", "function", "loss", "classes", "logits"),
    [
        (10, "softmax", "sparse_categorical_crossentropy", 10, False),
        (10, "linear", "sparse_categorical_crossentropy", 10, True),
        (10, "linear", "sparse_categorical_crossentropy", 10, None),
        (1, "sigmoid", "binary_crossentropy", 2, False),
        (2, "softmax", "categorical_crossentropy", 2, False),
        (12, "softmax", "sparse_categorical_crossentropy", 10, False),
        (1, "linear", "mse", None, None),
        (1, "hard_sigmoid", "binary_crossentropy", 2, False),
        (1, "tanh", "hinge", 2, None),
    ],
)
def test_right_heads_are_left_alone(
    units: int, function: str, loss: str, classes: int | None, logits: bool | None
) -> None:
    assert not of_network(Head(units, function, loss, logits), Labels(classes))
