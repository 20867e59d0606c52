"""Settings that hold a network back are found, and each gets the move that changes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tweak.records import conv_net, curves, dense_net, layer, network, record
from trainyard.policy import Policy
from trainyard.tweak import Proposal, propose
from trainyard.tweak.network import Network
from trainyard.tweak.settings import hindrances

FLAT = [0.4] * 6


def dense(name: str = "hidden", **config: Any) -> dict[str, Any]:
    return layer("Dense", name, [None, 64], units=64, **{"activation": "relu", **config})


def object_of(kind: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras", "class_name": kind, "config": config, "registered_name": None}


OUT = dense_net()[-1]
HELD_BACK = {
    "dropout": ([dense(), layer("Dropout", "drop", rate=0.8), OUT], {"drop": 0.3}),
    "penalise": ([dense(kernel_regularizer=object_of("L2", l2=0.5)), OUT], {"hidden": None}),
    "initializer": ([dense(kernel_initializer=object_of("Zeros")), OUT], {"hidden": "he_normal"}),
    "initializer of words": (
        [layer("Embedding", "words", output_dim=16, embeddings_initializer=object_of("Zeros")), dense(), OUT],
        {"words": "uniform"},
    ),
    "trainable network": (
        [layer("Functional", "backbone", [None, 24], trainable=False), dense(), OUT], {"backbone": True},
    ),
    "trainable": ([dense(trainable=False), OUT], {"hidden": True}),
    "finer": (
        [layer("AveragePooling2D", "pool", pool_size=[6, 6], strides=[6, 6]), *conv_net(32)], {"pool": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HELD_BACK)
def test_each_is_named_and_changed(kind: str) -> None:
    layers, wanted = HELD_BACK[kind]
    found = list(hindrances(Network(network(layers))))
    assert [(one.move.kind, one.move.args["layers"]) for one in found] == [
        (kind.split(maxsplit=1)[0], wanted)
    ]
    answer = propose([record(network(layers), 0.4, curves(FLAT, FLAT))], Policy(), seed=0)
    assert isinstance(answer, Proposal) and answer.spec.step == "repaired"
    assert found[0].move in answer.spec.moves
    assert found[0].sentence in answer.findings


@pytest.mark.parametrize("layers", [
    [dense(), layer("Dropout", "drop", rate=0.5), OUT],
    [dense(kernel_regularizer=object_of("L2", l2=0.001)), OUT],
    [dense(kernel_initializer=object_of("RandomNormal", mean=0.0, stddev=0.05)), OUT],
    [layer("Embedding", "words", trainable=False, output_dim=50), dense(), OUT],
    [layer("MaxPooling2D", "pool", pool_size=[2, 2], strides=[2, 2]), *conv_net(32)],
    [*conv_net(32)[:1], layer("MaxPooling2D", "p", pool_size=[3, 3], strides=[3, 3]), *conv_net(32)[2:]],
])  # fmt: skip
def test_what_is_usual_is_left_alone(layers: list[dict[str, Any]]) -> None:
    assert list(hindrances(Network(network(layers)))) == []


def test_what_overfits_is_not_freed() -> None:
    layers = [dense(), layer("Dropout", "drop", rate=0.8), OUT]
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    answer = propose([record(network(layers), 0.7, rows)], Policy(), seed=0)
    assert isinstance(answer, Proposal)
    assert not any("drops" in one for one in answer.findings)


def test_batches_of_nearly_all_samples_become_usual_ones() -> None:
    whole = network(dense_net(64))
    whole["training"]["batch_size"] = 512
    for n_train, wanted in ((1000, 32), (20000, None)):
        answer = propose([record(whole, 0.4, curves(FLAT, FLAT), n_train=n_train)], Policy(), seed=0)
        assert isinstance(answer, Proposal)
        found = {one.kind: one.args for one in answer.spec.moves}
        assert found.get("batch_size", {}).get("batch_size") == wanted
    assert found["epochs"]["epochs"] < 60


def test_a_schedule_that_led_nowhere_is_replaced() -> None:
    scheduled = network(dense_net(64))
    scheduled["compile"]["optimizer"]["config"]["learning_rate"] = object_of("ExponentialDecay")
    answer = propose([record(scheduled, 0.4, curves(FLAT, FLAT))], Policy(), seed=0)
    assert isinstance(answer, Proposal)
    assert {"learning_rate": 0.002} in [one.args for one in answer.spec.moves]


def test_layers_of_the_scripts_own_class_are_made_with_usual_settings() -> None:
    own = [
        layer("AveragePooling2D", "pool", pool_size=[6, 6], strides=[6, 6]),
        layer("Conv2D", "a", filters=32, activation="sigmoid"),
        layer("BatchNormalization", "norm", momentum=0.9995),
        dense("b", activation="sigmoid"), OUT,
    ]  # fmt: skip
    for place, one in enumerate(own):
        one["made_at"] = [f"train.py:{place}"]
    answer = propose(
        [record(network(own, kind="subclass"), 0.4, curves(FLAT, FLAT))], Policy(max_trials=9), seed=0
    )
    assert isinstance(answer, Proposal) and answer.spec.step == "rebuilt"
    made = {one["name"]: one.get("settings") for one in answer.spec.moves[0].args["layers"]}
    assert made == {
        "pool": {"pool_size": 2}, "a": {"activation": "relu"}, "norm": {"momentum": 0.911},
        "b": {"activation": "relu"},
    }  # fmt: skip
    assert "pool with pool_size 2" in answer.reason


def test_a_network_that_may_be_pretrained_keeps_its_weights() -> None:
    nested = [layer("Functional", "backbone", [None, 24], trainable=False), *dense_net(8)]
    dead = record(network(nested), 0.1, curves([0.1] * 8, [0.1] * 8, [2.3] * 8))
    answer = propose([dead], Policy(), seed=0)
    assert isinstance(answer, Proposal)
    assert "trainable" in {one.kind for one in answer.spec.moves}
    assert "reinit" not in {one.kind for one in answer.spec.moves}
