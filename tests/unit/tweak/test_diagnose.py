"""Each way to be weak is found by its own evidence."""

from __future__ import annotations

import pytest

from tests.unit.tweak.records import conv_net, curves, dense_net, estimator, layer, network, record
from trainyard.runs.files import Mistake
from trainyard.tweak import Kind, TrialRecord, before_training, diagnose

RISING = [0.3, 0.4, 0.5, 0.57, 0.62, 0.66]


def kinds(one: TrialRecord) -> set[Kind]:
    return {finding.kind for finding in diagnose(one)}


def test_both_low_is_underfit() -> None:
    flat = [0.58, 0.6, 0.6, 0.6, 0.6, 0.6]
    assert Kind.UNDERFIT in kinds(record(network(dense_net(64)), 0.6, curves(flat, flat)))


def test_training_far_above_held_out_is_overfit() -> None:
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    assert Kind.OVERFIT in kinds(record(network(dense_net(64)), 0.7, rows))


def test_a_falling_loss_is_still_improving() -> None:
    found = kinds(record(network(dense_net(64)), 0.66, curves(RISING, RISING)))
    assert Kind.IMPROVING in found


def test_a_model_that_knows_its_training_data_is_not_improving() -> None:
    rows = curves([0.9, 0.97, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    assert Kind.IMPROVING not in kinds(record(network(dense_net(64)), 0.7, rows))


@pytest.mark.parametrize(
    ("rate", "loss"),
    [(0.1, [2.6, 2.32, 2.31, 2.31]), (0.001, [2.0, 1.0, 3.5, 4.0]), (1.0, [2.3, float("nan")])],
)
def test_a_rate_that_is_too_high_is_seen(rate: float, loss: list[float]) -> None:
    rows = curves([0.1] * len(loss), [0.1] * len(loss), loss)
    assert Kind.DIVERGED in kinds(record(network(dense_net(64), rate=rate), 0.1, rows))


def test_a_flat_loss_at_the_level_of_guessing_is_dead() -> None:
    rows = curves([0.1] * 5, [0.1] * 5, [2.303, 2.303, 2.303, 2.302, 2.302])
    assert Kind.DEAD in kinds(record(network(dense_net(64)), 0.1, rows))


def test_large_inputs_in_front_of_a_dense_layer_are_unscaled() -> None:
    one = record(network(dense_net(64)), 0.5, curves(RISING, RISING), x_min=0.0, x_max=1500.0)
    assert Kind.UNSCALED in kinds(one)


@pytest.mark.parametrize("first", ["Normalization", "BatchNormalization", "Rescaling"])
def test_inputs_that_a_layer_scales_are_not_unscaled(first: str) -> None:
    layers = [layer(first, "scaler"), *dense_net(64)]
    one = record(network(layers), 0.5, curves(RISING, RISING), x_min=0.0, x_max=1500.0)
    assert Kind.UNSCALED not in kinds(one)


def test_token_numbers_in_front_of_an_embedding_are_not_unscaled() -> None:
    layers = [layer("Embedding", "e", output_dim=8), layer("LSTM", "l", units=32), *dense_net()]
    one = record(network(layers), 0.5, curves(RISING, RISING), x_min=0.0, x_max=20000.0)
    assert Kind.UNSCALED not in kinds(one)


def test_a_layer_narrower_than_the_classes_starves_the_head() -> None:
    assert Kind.STARVED in kinds(record(network(dense_net(64, 4)), 0.5, curves(RISING, RISING)))


def test_two_sigmoid_layers_saturate() -> None:
    one = record(network(dense_net(64, 64, activation="sigmoid")), 0.5, curves(RISING, RISING))
    assert Kind.SATURATED in kinds(one)


def test_learnt_by_heart_and_held_out_at_guessing_is_unlearnable() -> None:
    rows = curves([0.3, 0.6, 0.9], [0.1, 0.1, 0.1])
    findings = {one.kind: one for one in diagnose(record(network(dense_net(64)), 0.11, rows))}
    assert findings[Kind.UNLEARNABLE].confidence > 0.8


def test_always_the_commonest_class_is_imbalance() -> None:
    one = record(
        network(dense_net(64, classes=2)),
        0.91,
        curves([0.9] * 4, [0.91] * 4),
        classes=2,
        majority=0.9,
        minority=0.1,
    )
    assert Kind.IMBALANCE in kinds(one)


def test_leaks_are_passed_on() -> None:
    one = record(network(dense_net(64)), 0.85, curves(RISING, RISING))
    assert one.metrics is not None
    one.metrics.notes.append("Leak: 40.0% of the 100 test rows stand in the training rows as well.")
    assert Kind.LEAK in kinds(one)


def test_the_worst_mistake_that_the_harness_named_ends_it() -> None:
    one = record(network(dense_net(64)), 0.5)
    one.metrics.mistakes += [
        Mistake(sentence="One doubt.", hopeless=False),
        Mistake(sentence="One unit tells two apart.", hopeless=True),
    ]
    (finding,) = before_training(one)
    assert finding.kind == Kind.WRONG_HEAD
    assert finding.sentence == "One unit tells two apart."
    assert Kind.DOUBTFUL in kinds(one)


def test_what_the_harness_took_for_right_is_right() -> None:
    layers = [*dense_net(64)[:-1], layer("Dense", "tags", units=10, activation="sigmoid")]
    one = record(network(layers, loss="binary_crossentropy"), 0.7, classes=None, y_std=0.46)
    assert not before_training(one)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"kind": "sequential", "layers": "none"},
        {"kind": "sequential", "layers": [None, 3, {"config": []}], "compile": [1], "training": "x"},
        {"kind": "functional", "layers": [{"name": 3}], "config": {"output_layers": [[]]}},
        {"kind": "sequential", "layers": [{"class_name": "Dense", "config": {"units": "many"}}]},
        {"kind": "estimator", "estimator": ["x"]},
    ],
)
def test_odd_files_from_the_sandbox_are_survived(odd: dict[str, object]) -> None:
    diagnose(record(odd, 0.5, [{"fit": "x", "epoch": None, "loss": "nan"}]))


def test_estimators_without_curves_are_diagnosed_too() -> None:
    assert Kind.LITTLE_DATA not in kinds(record(estimator("SVC", C=1.0), 0.5))


def test_every_finding_has_a_sentence_with_numbers_and_a_confidence() -> None:
    for one in (
        record(network(conv_net()), 0.6, curves(RISING, RISING)),
        record(network(dense_net(64, 4)), 0.1, curves([0.3, 0.9], [0.1, 0.1]), x_min=0.0, x_max=900.0),
    ):
        for finding in diagnose(one):
            assert 0 < finding.confidence <= 1
            assert any(letter.isdigit() for letter in finding.sentence)
