"""The next trial follows from the evidence, is never one that was tried, and ends when there is none."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from tests.unit.tweak.records import conv_net, curves, dense_net, estimator, layer, network, record
from trainyard.policy import Policy
from trainyard.runs.files import Mistake, Part, Race, Spec
from trainyard.tweak import Earlier, Exhausted, Proposal, TrialRecord, propose
from trainyard.tweak.moves import resolved, signature

POLICY = Policy()
RISING = [0.3, 0.4, 0.5, 0.57, 0.62, 0.66]
FLAT = [0.6, 0.6, 0.6, 0.6, 0.6, 0.6]


def next_of(*history: TrialRecord, policy: Policy = POLICY) -> Proposal:
    answer = propose(list(history), policy, seed=0)
    assert isinstance(answer, Proposal), answer
    return answer


def args(proposal: Proposal) -> dict[str, dict[str, object]]:
    return {move.kind: move.args for move in proposal.spec.moves}


@pytest.mark.parametrize(("size", "filters"), [(8, 32), (64, 16)])
def test_a_small_convolution_gets_a_floor_that_its_maps_can_afford_and_a_block_behind_it(
    size: int, filters: int
) -> None:
    found = args(next_of(record(network(conv_net(3, size)), 0.6, curves(RISING, RISING))))
    assert found["widen"] == {"layers": {"conv": filters}}
    assert found["batchnorm"]["after"] == ["conv"]
    assert (found["conv_block"]["after"], found["conv_block"]["filters"]) == ("pool", 2 * filters)
    assert [one["kind"] for one in found["race"]["other"]] == ["head"]  # type: ignore[attr-defined]
    assert found["epochs"]["epochs"] >= 20  # type: ignore[operator]


def test_images_too_few_to_learn_from_are_shifted_and_raced_long_enough_at_once() -> None:
    one = record(network(conv_net(3)), 0.6, curves(RISING, RISING), shape=[8, 8, 1], n_train=160)
    found = args(next_of(one))
    assert {"augment", "dropout", "conv_block"} <= set(found)
    assert found["race"]["epochs"] == 8


def test_a_curve_that_gets_there_only_in_many_epochs_is_not_gone_on_with() -> None:
    slow = [0.5, 0.6, 0.7, 0.75, 0.8, 0.82, 0.83, 0.84, 0.845, 0.85, 0.855, 0.86]
    long = [value for value in slow for _ in range(8)]
    proposal = next_of(record(network(conv_net(16)), 0.86, curves(long, long)))
    assert proposal.spec.step != "continued"
    short = next_of(record(network(conv_net(32)), 0.86, curves(slow, slow)))
    assert short.spec.step == "continued"


def test_a_rate_that_diverged_is_lowered_and_starts_from_scratch() -> None:
    rows = curves([0.1] * 4, [0.1] * 4, [2.6, 2.32, 2.31, 2.31])
    proposal = next_of(record(network(dense_net(64), rate=0.1), 0.1, rows))
    assert args(proposal)["learning_rate"] == {"learning_rate": 0.001}
    assert proposal.spec.parent is None


def test_unscaled_inputs_are_normalised() -> None:
    one = record(network(dense_net(64)), 0.6, curves(FLAT, FLAT), x_min=0.0, x_max=1500.0)
    assert "input_batchnorm" in args(next_of(one))


def test_a_good_network_trained_too_shortly_goes_on_from_its_weights() -> None:
    proposal = next_of(record(network(dense_net(64)), 0.66, curves(RISING, RISING)))
    assert proposal.spec.parent == 0
    assert not {"widen", "deepen", "batchnorm"} & set(args(proposal))


def test_overfitting_gets_dropout() -> None:
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    assert args(next_of(record(network(dense_net(64)), 0.7, rows)))["dropout"] == {"layers": {"dense_0": 0.3}}


def test_overfitting_images_get_shifts_and_normalisation() -> None:
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    found = args(next_of(record(network(conv_net(16)), 0.7, rows, shape=[8, 8, 1])))
    assert {"augment", "batchnorm"} <= set(found)


def test_flattened_images_that_overfit_get_convolutions() -> None:
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    layers = [layer("Flatten", "flat", [None, 784]), *dense_net(256)]
    found = args(next_of(record(network(layers), 0.7, rows, shape=[28, 28])))
    assert found["convolve"]["reshape"] == [28, 28, 1]
    assert found["augment"]["after"] == "ty_channel"


def test_shifts_go_with_convolutions_where_the_gap_is_wide() -> None:
    layers = [layer("Flatten", "flat", [None, 768]), *dense_net(256)]
    wide = record(network(layers), 0.5, curves([0.7, 0.9, 0.99, 1.0], [0.5] * 4), shape=[16, 16, 3])
    assert "after" not in args(next_of(wide))["augment"]
    narrow = record(network(layers), 0.8, curves([0.7, 0.9, 0.99, 1.0], [0.8] * 4), shape=[16, 16, 3])
    assert "augment" not in args(next_of(narrow))
    sequences = record(network(layers), 0.5, curves([0.7, 0.9, 0.99, 1.0], [0.5] * 4), shape=[256, 3])
    assert "convolve" in args(next_of(sequences))
    assert "augment" not in args(next_of(sequences))


def test_flattened_images_too_few_to_learn_from_get_convolutions() -> None:
    layers = [layer("Flatten", "flat", [None, 64]), *dense_net(256)]
    few = record(network(layers), 0.85, curves(FLAT, FLAT), shape=[8, 8], n_train=170)
    assert "convolve" in args(next_of(few))
    many = record(network(layers), 0.85, curves(FLAT, FLAT), shape=[8, 8], n_train=5000)
    assert "convolve" not in args(next_of(many))


def test_flattened_sequences_get_convolutions_and_a_head_that_knows_no_place() -> None:
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    layers = [layer("Flatten", "flat", [None, 128]), *dense_net(400)]
    found = args(next_of(record(network(layers), 0.7, rows, shape=[128, 1])))
    assert found["convolve"]["rank"] == 1
    assert found["head"] == {"layer": "flat", "to": "gmp"}


def words(*between: dict[str, object], held: float = 0.6) -> TrialRecord:
    """A classifier of words that is wide enough already."""
    embedding = layer("Embedding", "words", [None, 20, 16], output_dim=16)
    return record(network([embedding, *between, *dense_net(64)]), held, curves(FLAT, FLAT), shape=[20])


def test_words_taken_one_by_one_are_told_by_their_neighbours_next() -> None:
    pooled = layer("GlobalAveragePooling1D", "pool", [None, 16])
    first = words(pooled)
    second = next_of(first, trial(1, next_of(first), first.architecture, 0.6))
    assert second.spec.step == "phrased"
    assert (args(second)["conv_block"]["after"], args(second)["conv_block"]["rank"]) == ("words", 1)
    ordered = words(layer("LSTM", "lstm", [None, 32], units=32))
    assert "conv_block" not in args(next_of(ordered, trial(1, next_of(ordered), ordered.architecture, 0.6)))


def trial(number: int, proposal: Proposal, architecture: dict[str, object], held: float) -> TrialRecord:
    """What came of a proposal."""
    return record(architecture, held, curves(FLAT, FLAT), spec=proposal.spec, shape=[20])


@pytest.mark.parametrize(("inputs", "step"), [(300, "penalised"), (20, "regularised 0.3")])
def test_many_inputs_for_few_samples_are_given_a_price(inputs: int, step: str) -> None:
    rows = curves([0.7, 0.9, 0.99, 1.0], [0.6, 0.7, 0.7, 0.7])
    found = next_of(record(network(dense_net(64)), 0.7, rows, shape=[inputs], n_train=360))
    assert found.spec.step == step
    assert ("penalise" in args(found)) == (step == "penalised")
    if step == "penalised":
        assert args(found)["penalise"] == {"layers": {"dense_0": 0.003}}


def test_layers_without_a_bend_between_them_get_one() -> None:
    found = next_of(record(network(dense_net(64, 64, activation="linear")), 0.6, curves(FLAT, FLAT)))
    assert args(found)["activation"] == {"layers": {"dense_0": "relu", "dense_1": "relu"}}
    assert "No activation follows dense_0, dense_1" in found.reason
    bent = [
        layer("Dense", "a", [None, 64], units=64, activation="linear"), layer("BatchNormalization", "n"),
        layer("Activation", "b", activation="relu"), *dense_net(64),
    ]  # fmt: skip
    assert "activation" not in args(next_of(record(network(bent), 0.6, curves(FLAT, FLAT))))


def test_what_was_learnt_by_heart_is_not_kept_by_a_larger_network() -> None:
    def larger(train: list[float]) -> Proposal:
        rows = curves(train, [0.8] * 6)
        first = record(network(dense_net(64)), 0.8, rows, shape=[300], n_train=360)
        history = [first]
        while (found := next_of(*history)).spec.step != "larger":
            history.append(dataclasses.replace(first, spec=found.spec))
        return found

    assert larger([0.9, 0.95, 0.99, 1.0, 1.0, 1.0]).spec.parent is None
    assert larger([0.8, 0.8, 0.8, 0.8, 0.8, 0.8]).spec.parent == 0


def test_of_equal_trials_the_one_with_the_lower_held_out_loss_is_built_on() -> None:
    def trained(number: int, loss: float) -> TrialRecord:
        rows = [{**row, "val_loss": str(loss)} for row in curves(RISING, RISING)]
        spec = Spec(schema=1, trial=number, step="continued" if number else "", parent=None)
        return record(network(dense_net(64)), 0.87, rows, spec=spec, n=44)

    assert next_of(trained(0, 1.1), trained(1, 0.2)).spec.parent == 1
    assert next_of(trained(0, 0.2), trained(1, 1.1)).spec.parent == 0


def test_sgd_that_crawls_is_replaced() -> None:
    found = args(next_of(record(network(dense_net(8), optimizer="SGD", rate=0.01), 0.6, curves(FLAT, FLAT))))
    assert found["optimizer"]["class_name"] == "Adam"


def test_widths_that_have_to_agree_grow_by_one_factor() -> None:
    layers = [
        layer("Conv2D", "a", filters=4, activation="relu"),
        layer("Conv2D", "b", filters=4, activation="relu"),
        layer("Add", "add"),
        layer("Dense", "hidden", units=20, activation="relu"),
        layer("Dense", "out", units=10, activation="softmax"),
    ]
    found = args(next_of(record(network(layers), 0.6, curves(FLAT, FLAT))))["widen"]["layers"]
    assert found == {"a": 16, "b": 16, "hidden": 80}


def test_a_wrong_head_ends_the_search_before_it_begins() -> None:
    one = record(network(dense_net(64)), 0.1)
    one.metrics.mistakes.append(Mistake(sentence="The labels have 10 classes.", hopeless=True))
    answer = propose([one], POLICY, seed=0)
    assert isinstance(answer, Exhausted)
    assert "10 classes" in answer.reason


def test_labels_that_cannot_be_learnt_end_the_search_with_the_numbers() -> None:
    history = [record(network(dense_net(16)), 0.12, curves([0.15] * 6, [0.12] * 6))]
    while not isinstance(answer := propose(history, POLICY, seed=0), Exhausted):
        history.append(record(network(dense_net(64)), 0.11, curves([0.9, 0.9], [0.1, 0.1]), spec=answer.spec))
    assert len(history) == 3
    assert "can't be learnt" in answer.reason
    assert "0.90" in answer.reason
    assert "0.12" in answer.reason


def walk(first: TrialRecord, policy: Policy, held: float) -> tuple[list[TrialRecord], Exhausted]:
    """A run in which no trial ever gets better."""
    history = [first]
    while True:
        answer = propose(history, policy, seed=3)
        if isinstance(answer, Exhausted):
            return history, answer
        history.append(record(first.architecture, held, list(first.curves), spec=answer.spec))


@pytest.mark.parametrize(
    "first",
    [
        record(network(conv_net()), 0.6, curves(RISING, RISING)),
        record(network(dense_net(4)), 0.6, curves(FLAT, FLAT)),
        record(network(dense_net(256)), 0.7, curves([0.8, 1.0, 1.0], [0.7, 0.7, 0.7])),
        record(network(dense_net(64)) | {"kind": "subclassed"}, 0.6, curves(FLAT, FLAT)),
        record(estimator("RandomForestClassifier", max_depth=2, n_estimators=10, max_features="sqrt"), 0.6),
        record(estimator("LinearRegression", fit_intercept=True), 0.6),
    ],
)
def test_no_trial_is_made_twice_and_the_search_ends(first: TrialRecord) -> None:
    history, end = walk(first, Policy(max_trials=40), 0.55)
    seen = [signature(one.spec) for one in history]
    assert len(seen) == len(set(seen))
    assert len(history) < 40
    assert end.reason


def test_the_budget_is_kept() -> None:
    history, end = walk(record(network(conv_net()), 0.6, curves(RISING, RISING)), Policy(max_trials=3), 0.55)
    assert len(history) == 3
    assert "3 trials" in end.reason


def test_equal_histories_and_seeds_give_equal_answers() -> None:
    first = record(estimator("SVC", C=0.001, kernel="rbf", gamma="scale"), 0.5)
    history, _ = walk(first, Policy(max_trials=9), 0.4)
    for length in range(1, len(history)):
        one, other = (propose(history[:length], POLICY, seed=5) for _ in range(2))
        assert msgspec.json.encode(one) == msgspec.json.encode(other)


def test_the_next_trial_builds_on_the_best_one_whatever_came_after() -> None:
    first = record(network(conv_net()), 0.6, curves(RISING, RISING))
    second = next_of(first)
    good = record(network(conv_net(16)), 0.8, curves(FLAT, FLAT), spec=second.spec)
    third = next_of(first, good)
    bad = record(network(conv_net(16)), 0.3, curves(FLAT, FLAT), spec=third.spec)
    fourth = next_of(first, good, bad)
    assert fourth.spec.moves[: len(second.spec.moves) - 2]
    assert {move.kind for move in second.spec.moves} <= {move.kind for move in fourth.spec.moves}
    assert fourth.spec.trial == 3


def test_a_trial_without_a_number_is_gone_round() -> None:
    first = record(network(conv_net()), 0.6, curves(RISING, RISING))
    second = next_of(first)
    failed = record({}, None, spec=second.spec)
    third = next_of(first, failed)
    assert signature(third.spec) != signature(second.spec)


def test_a_shallow_forest_may_grow() -> None:
    first = record(
        estimator("RandomForestRegressor", max_depth=3, n_estimators=50), 0.6, classes=None, metric="r2"
    )
    found = args(next_of(first, policy=Policy(metric="r2", target=0.8, floor=0.6)))
    assert found["set_params"] == {"params": {"max_depth": None, "n_estimators": 300}}


def test_distances_between_unscaled_features_are_scaled_first() -> None:
    first = record(estimator("KNeighborsClassifier", n_neighbors=5, weights="uniform", p=2), 0.6)
    assert "scale_inputs" in args(next_of(first))


def test_a_pipelines_parameters_carry_their_steps_name() -> None:
    architecture = estimator("Pipeline")
    architecture["estimator"]["steps"] = [
        {"name": "scaler", "class": "sklearn.preprocessing.StandardScaler", "params": {}},
        {
            "name": "clf",
            "class": "sklearn.linear_model.LogisticRegression",
            "params": {"C": 0.01, "max_iter": 100},
        },
    ]
    found = args(next_of(record(architecture, 0.6)))
    assert found == {"set_params": {"params": {"clf__C": 10.0, "clf__max_iter": 2000}}}


def test_a_linear_estimator_gets_products_of_features_once_its_parameters_did_not_help() -> None:
    first = record(estimator("LogisticRegression", C=1.0, max_iter=100), 0.5, shape=[2])
    second = record(first.architecture, 0.5, shape=[2], spec=next_of(first).spec)
    found = next_of(first, second)
    assert args(found)["expand_inputs"] == {"degree": 3}
    assert "straight borders" in found.reason


def test_parameters_are_the_scripts_own_also_behind_a_scaler_that_a_move_made() -> None:
    first = record(estimator("SVC", C=0.001, kernel="rbf", gamma="scale"), 0.5)
    pipeline = estimator("Pipeline")
    pipeline["estimator"]["steps"] = [
        {"name": "trainyard_scaler", "class": "sklearn.preprocessing.StandardScaler", "params": {}},
        {"name": "trainyard_model", **first.architecture["estimator"]},
    ]
    second = record(pipeline, 0.7, spec=next_of(first).spec)
    assert args(next_of(first, second))["set_params"]["params"]["C"] == 100.0


def searching(inner: dict[str, Any], grid: dict[str, list[Any]]) -> dict[str, Any]:
    architecture = estimator("GridSearchCV", param_grid=grid)
    architecture["estimator"]["inner"] = {"name": "estimator", **inner["estimator"]}
    return architecture


def test_a_search_looks_at_the_tables_values_as_well() -> None:
    inner = estimator("ElasticNet", alpha=1.0, max_iter=1000)
    first = record(searching(inner, {"alpha": [5, 10]}), 0.4)
    found = next_of(first)
    assert args(found)["set_params"] == {"params": {"estimator__alpha": 0.1, "estimator__max_iter": 20000}}
    assert "alpha to 0.1 as well as 5, 10" in found.reason


def test_values_that_a_search_looks_at_already_are_no_change() -> None:
    inner = estimator("RandomForestClassifier", max_depth=None, n_estimators=100)
    first = record(searching(inner, {"max_depth": [2, None]}), 0.4)
    assert args(next_of(first))["set_params"] == {"params": {"estimator__n_estimators": 300}}


def test_a_search_over_a_pipeline_names_the_step() -> None:
    inner = estimator("Pipeline")
    inner["estimator"]["steps"] = [
        {"name": "scale", "class": "sklearn.preprocessing.StandardScaler", "params": {}},
        {
            "name": "svc",
            "class": "sklearn.svm.SVC",
            "params": {"C": 1.0, "kernel": "linear", "gamma": "scale"},
        },
    ]
    first = record(searching(inner, {"svc__C": [0.001]}), 0.4)
    found = args(next_of(first))["set_params"]["params"]
    assert found == {"estimator__svc__C": 10.0, "estimator__svc__kernel": "rbf"}


def test_features_taken_one_by_one_become_components() -> None:
    history, _ = walk(
        record(estimator("GaussianNB", var_smoothing=1e-9), 0.5, shape=[8]), Policy(max_trials=9), 0.5
    )
    assert "decorrelate_inputs" in [move.kind for one in history for move in one.spec.moves]


def test_numbers_of_which_the_inputs_tell_nothing_end_the_search() -> None:
    forest = estimator("RandomForestRegressor", max_depth=6, n_estimators=60)
    policy = Policy(metric="r2", max_trials=9)
    history = [record(forest, value, classes=None, metric="r2") for value in (-0.1, 0.03, -0.02, 0.0, -0.3)]
    assert isinstance(propose(history[:4], policy, seed=0), Proposal)
    end = propose(history, policy, seed=0)
    assert isinstance(end, Exhausted)
    assert "never rose above 0.03" in end.reason


def test_every_proposal_says_why() -> None:
    for one in (
        record(network(conv_net()), 0.6, curves(RISING, RISING)),
        record(estimator("SVC", C=0.001, kernel="rbf", gamma="scale"), 0.5),
    ):
        proposal = next_of(one)
        assert "Why: " in proposal.reason
        assert all(move.reason for move in proposal.spec.moves)


def earlier_best(first: TrialRecord) -> Earlier:
    return Earlier("repo/20260101-abc", next_of(first).spec.moves)


def test_a_second_push_begins_with_what_helped_the_first() -> None:
    first = record(network(conv_net(3)), 0.6, curves(RISING, RISING))
    answer = propose([first], POLICY, seed=0, earlier=earlier_best(first))
    assert isinstance(answer, Proposal)
    assert answer.spec.step == "remembered"
    assert answer.spec.moves == next_of(first).spec.moves
    assert "20260101-abc" in answer.reason


def test_what_helped_code_that_has_changed_since_is_left_out() -> None:
    before = record(network(conv_net(3)), 0.6, curves(RISING, RISING))
    now = record(network(dense_net(4)), 0.6, curves(FLAT, FLAT))
    assert propose([now], POLICY, seed=0, earlier=earlier_best(before)) == next_of(now)


def looked(at: TrialRecord, report: float) -> TrialRecord:
    assert at.selection
    number = msgspec.structs.replace(at.selection, value=report, part=Part.REPORT)
    return dataclasses.replace(at, report=number)


def test_a_failed_look_raises_what_the_next_trial_aims_at() -> None:
    first = record(network(conv_net(3)), 0.6, curves(RISING, RISING))
    second = record(network(conv_net(16)), 0.91, curves(FLAT, FLAT), spec=next_of(first).spec)
    calm = args(next_of(first, second))["stop"]["enough"]
    raised = args(next_of(first, looked(second, 0.87)))["stop"]["enough"]
    assert isinstance(calm, float) and isinstance(raised, float)
    assert raised > calm + 0.01


def test_a_raised_bar_alone_is_no_reason_to_train_the_same_again() -> None:
    first = record(network(dense_net(64), epochs=6), 0.92, curves(RISING, RISING))
    second = looked(record(network(dense_net(64)), 0.91, curves(FLAT, FLAT), spec=next_of(first).spec), 0.85)
    assert second.spec.step == "continued"
    third = next_of(first, second)
    assert (third.spec.parent, third.spec.step) != (second.spec.parent, second.spec.step)


def test_the_search_ends_after_three_failed_looks() -> None:
    history = [record(network(conv_net(3)), 0.6, curves(RISING, RISING))]
    for _ in range(3):
        spec = next_of(*history).spec
        history.append(looked(record(network(conv_net(16)), 0.91, curves(FLAT, FLAT), spec=spec), 0.88))
    answer = propose(history, POLICY, seed=0)
    assert isinstance(answer, Exhausted)
    assert "fishing" in answer.reason


def test_a_class_of_the_scripts_own_is_widened_where_it_makes_its_layers() -> None:
    layers = [{**one, "made_at": ["train.py:7:30"]} for one in dense_net(4, 4)]
    first = record(network(layers) | {"kind": "subclassed"}, 0.6, curves(FLAT, FLAT))
    (rebuild,) = [one for one in next_of(first).spec.moves if one.kind == "rebuild"]
    told = [(one["name"], one["turn"], one["width"]) for one in rebuild.args["layers"]]
    assert told == [("dense_0", 0, 64), ("dense_1", 1, 64)]


def test_a_loop_of_the_scripts_own_gets_other_rates_alone() -> None:
    looped = network(dense_net(4), rate=0.01) | {"kind": "subclassed", "training": {}}
    moves = next_of(record(looped, 0.6)).spec.moves
    assert [(one.kind, one.args) for one in moves] == [("learning_rate", {"learning_rate": 0.03})]


def test_a_race_gives_way_to_the_moves_that_won_it() -> None:
    first = record(network([*conv_net(3)[:2], layer("Flatten", "flat", [None, 48]), conv_net()[-1]]), 0.6)
    spec = next_of(first).spec
    assert [one.kind for one in spec.moves if one.kind in ("race", "head")] == ["race"]
    lost, won = (resolved(spec, Race(winner=winner, scores=[0.5, 0.6])) for winner in (0, 1))
    assert not [one for one in lost.moves if one.kind in ("race", "head")]
    assert [one.args["to"] for one in won.moves if one.kind == "head"] == ["gap"]
    assert "global pooling won the race by 0.60 to 0.50" in won.reason
    alone = resolved(spec, Race(winner=0, scores=[0.97]))
    assert alone.moves == lost.moves
    assert "flattening got to 0.97 before a race was needed" in alone.reason
    assert resolved(spec, None).moves == lost.moves


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("xgboost.Booster", {"num_boost_round": 2, "learning_rate": 0.05, "max_depth": 1}, "num_boost_round"),
        ("lightgbm.Booster", {"num_boost_round": 2, "learning_rate": 0.1, "max_depth": 1}, "num_boost_round"),
        ("catboost.CatBoostClassifier", {"n_estimators": 2}, "n_estimators"),
        ("catboost.CatBoostClassifier", {"verbose": 0}, "iterations"),
    ],
)
def test_boosting_gets_more_steps_by_the_name_that_its_library_knows(
    name: str, given: dict[str, object], wanted: str
) -> None:
    architecture = {"kind": "estimator", "estimator": {"class": name, "params": given, "steps": []}}
    params = args(next_of(record(architecture, 0.6)))["set_params"]["params"]
    assert params[wanted] >= 400  # type: ignore[index]


def torch_net(*made: tuple[str, list[int]]) -> dict[str, object]:
    layers = [
        {**layer(kind, f"l{turn}"), "made": {"turn": turn, "sizes": sizes}}
        for turn, (kind, sizes) in enumerate(made)
    ]
    compiled = {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}}}
    return {"schema": 1, "kind": "subclassed", "layers": layers, "compile": compiled}


def test_a_chain_of_torch_layers_is_widened_so_that_each_takes_what_the_one_before_gives() -> None:
    net = torch_net(("Conv2d", [1, 4]), ("BatchNorm2d", [4]), ("Linear", [36, 8]), ("Linear", [8, 10]))
    layers = args(next_of(record(net, 0.6)))["rebuild"]["layers"]
    assert [one["sizes"] for one in layers] == [[1, 16], [16], [144, 64], [64, 10]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "made",
    [
        [("Linear", [20, 8]), ("Linear", [20, 10])],  # branches
        [("Linear", [20, 64]), ("Linear", [64, 10])],  # wide enough
        [("Linear", [20, 10])],
    ],
)
def test_torch_layers_that_are_no_narrow_chain_get_other_rates(made: list[tuple[str, list[int]]]) -> None:
    assert next_of(record(torch_net(*made), 0.6)).spec.step == "rate 3"


def test_a_pipeline_that_leaves_few_features_gets_them_all_first() -> None:
    steps = [
        {"name": "pca", "class": "sklearn.decomposition.PCA", "params": {"n_components": 2}},
        {"name": "svc", "class": "sklearn.svm.SVC", "params": {"C": 1.0}},
    ]
    pipeline = {"class": "sklearn.pipeline.Pipeline", "params": {}, "steps": steps}
    proposal = next_of(record({"kind": "estimator", "estimator": pipeline}, 0.6))
    assert args(proposal)["set_params"] == {"params": {"pca__n_components": None}}
    assert "pca leaves 2" in proposal.reason


def test_what_an_estimator_wraps_is_set_through_it() -> None:
    inner = {"name": "estimator", "class": "sklearn.linear_model.LogisticRegression", "params": {"C": 1e-5}}
    wrapped = {"class": "sklearn.multiclass.OneVsRestClassifier", "params": {}, "steps": [], "inner": inner}
    found = args(next_of(record({"kind": "estimator", "estimator": wrapped}, 0.6)))
    assert found["set_params"]["params"] == {"estimator__C": 10.0}


@pytest.mark.parametrize(
    ("name", "limit"),
    [("VotingClassifier", "members"), ("GridSearchCV", "own values"), ("NearestCentroid", "one centre")],
)
def test_what_no_parameter_mends_is_refused_with_its_limit(name: str, limit: str) -> None:
    answer = propose([record(estimator(name), 0.6)], POLICY, seed=0)
    assert isinstance(answer, Exhausted)
    assert limit in " ".join(answer.findings)


def test_labels_are_not_said_to_be_past_learning_while_nothing_learnt_its_training_data() -> None:
    history = [record(estimator("SVC", C=1.0, kernel="rbf", gamma="scale"), 0.12)]
    while len(history) <= 4:
        proposal = next_of(*history)
        history.append(record(history[0].architecture, 0.12, spec=proposal.spec))
