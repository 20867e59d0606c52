"""What a patch has to say, and whether what was trained from it is what won."""

from __future__ import annotations

from typing import Any

import pytest

from trainyard.patch import difference
from trainyard.patch.wanted import Ladder, network, training
from trainyard.runs.files import Move


def layer(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"name": name, "class_name": kind, "config": {"name": name, **config}, "made_at": ["train.py:1:1"]}


def chain(*layers: dict[str, Any], rate: float = 0.001, **training: Any) -> dict[str, Any]:
    optimizer = {"class_name": "Adam", "config": {"learning_rate": rate}}
    return {
        "kind": "sequential",
        "layers": list(layers),
        "compile": {"optimizer": optimizer},
        "training": {"epochs": 5, "validation": True, **training},
    }


def move(kind: str, **args: Any) -> Move:
    return Move(kind=kind, args=args)


STOP = move("stop", patience=6, enough=0.95)


def test_a_layer_in_the_place_of_another_replaces_it() -> None:
    a, b, c = layer("a", "Conv2D"), layer("b", "Flatten"), layer("c", "Dense")
    new = [layer("ty_conv", "Conv2D"), layer("ty_gap_b", "GlobalAveragePooling2D")]
    found = network(chain(a, b, c), chain(a, *new, c))
    (one,) = found.chains
    assert ([kind for kind, _ in one.layers], one.behind, one.replaces) == (
        ["Conv2D", "GlobalAveragePooling2D"],
        "a",
        "b",
    )
    assert one.before == ["c"] and not found.removed


def test_epochs_of_a_ladder_add_up_at_its_highest_rate() -> None:
    moves = [
        [move("learning_rate", learning_rate=0.004), move("epochs", epochs=40), STOP],
        [move("learning_rate", learning_rate=0.001), move("epochs", epochs=15), STOP],
    ]
    wanted = training(Ladder(moves, [22, 9], "val_accuracy"), chain())
    assert (wanted.epochs, wanted.learning_rate, wanted.patience) == (22 + 15, 0.004, 6)


def test_without_validation_data_of_its_own_a_script_gets_the_epochs_that_were_best() -> None:
    moves = [[move("epochs", epochs=40), STOP]]
    wanted = training(Ladder(moves, [13], "val_accuracy"), chain(validation=False))
    assert (wanted.epochs, wanted.patience) == (13, None)


def test_the_scripts_own_rate_and_epochs_are_left_where_they_are_the_winners() -> None:
    wanted = training(Ladder([[], [move("learning_rate", learning_rate=0.0002)]], [3, 2], None), chain())
    assert (wanted.epochs, wanted.learning_rate) == (None, None)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (chain(layer("a", "Dense", units=4)), chain(layer("z", "Dense", units=4)), None),
        (chain(layer("a", "Dense", units=4)), chain(layer("a", "Dense", units=8)), "Dense where Dense"),
        (
            chain(layer("a", "Dense"), layer("b", "Dropout", seed=1)),
            chain(layer("a", "Dense"), layer("b", "Dropout", seed=2)),
            None,
        ),
        (
            chain(layer("a", "Dense"), layer("b", "ReLU")),
            chain(layer("b", "ReLU"), layer("a", "Dense")),
            "wanted",
        ),
        ({}, {"layers": 7}, None),
    ],
)
def test_the_same_is_the_same_but_for_names_and_seeds(
    one: dict[str, Any], other: dict[str, Any], said: str | None
) -> None:
    found = difference(one, other)
    assert found is None if said is None else found is not None and said in found
