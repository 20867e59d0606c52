"""Checks of the moves on random networks, run by the interpreter of a training image; prints a JSON object.

`python moves_checks.py FOLDER`: each `check_*` is a promise that test_moves.py shows by its name.
"""

import json
import os
import sys
import traceback
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from trainyard_harness.moves import keras as network
from trainyard_harness.moves import race
from trainyard_harness.moves.stopping import Stopping

L = keras.layers
FOLDER = Path(sys.argv[1])
SEEDS = range(3)


def chain(seed):
    """A random Sequential: convolutional, recurrent or dense by turns."""
    r = np.random.default_rng(seed)
    pick = lambda *of: of[int(r.integers(len(of)))]  # noqa: E731
    kind = seed % 3
    if kind == 0:
        layers = [
            L.Input((8, 8, 2)),
            L.Conv2D(pick(2, 3), 3, padding=pick("same", "valid"), activation="relu"),
        ]
        layers += [L.BatchNormalization()] * int(r.integers(2)) + [L.MaxPooling2D()]
        layers += [L.Conv2D(pick(2, 4), 3, padding="same", activation=pick("relu", "linear"))]
        layers += [pick(L.Flatten, L.GlobalAveragePooling2D)(), L.Dense(5, activation="relu")]
    elif kind == 1:
        layers = [L.Input((7,)), L.Embedding(20, 3), pick(L.LSTM, L.GRU)(3, return_sequences=True)]
        layers += [L.Bidirectional(pick(L.LSTM, L.GRU)(2)), L.Dense(5, activation="relu")]
    else:
        layers = [L.Input((6,)), L.Dense(pick(3, 5), activation="relu"), L.BatchNormalization()]
        layers += [L.Dropout(0.2), L.Dense(4, activation=pick("relu", "tanh"))]
    return keras.Sequential([*layers, L.Dense(3, activation="softmax")])


def graph(seed):
    """A random functional model with a residual and a concatenation."""
    r = np.random.default_rng(100 + seed)
    width = int(r.integers(2, 5))
    given = keras.Input((8, 8, 1))
    first = L.Conv2D(width, 3, padding="same", activation="relu")(given)
    second = L.Conv2D(width, 3, padding="same")(first)
    joined = L.Activation("relu")(L.Add()([first, L.BatchNormalization()(second)]))
    left = L.GlobalAveragePooling2D()(joined)
    right = L.Dense(4, activation="relu")(L.Flatten()(L.MaxPooling2D()(joined)))
    return keras.Model(given, L.Dense(3, activation="softmax")(L.Concatenate()([left, right])))


def models():
    return [chain(seed) for seed in SEEDS] + [graph(seed) for seed in range(2)]


def light():
    """Without a recurrent one, which takes seconds to build."""
    return [chain(0), chain(2), graph(0)]


def ready(model, seed=0):
    """Compiled, and with weights and averages away from their start, as a parent's."""
    compiled(model)
    r = np.random.default_rng(seed)
    model.set_weights([np.abs(w + 0.2 * r.normal(size=w.shape)).astype(w.dtype) for w in model.get_weights()])
    return model


def compiled(model):
    """Eager: tracing would take most of the time."""
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"], run_eagerly=True)
    return model


def data(model, seed=0):
    r = np.random.default_rng(seed)
    shape = (24, *model.input_shape[1:])
    integers = any(type(layer).__name__ == "Embedding" for layer in model.layers)
    x = r.integers(0, 20, shape) if integers else r.normal(size=shape).astype("float32")
    return x, r.integers(0, 3, 24)


def kept(model):
    """The folder of a parent trial with this model in it."""
    folder = FOLDER / f"parent{len(list(FOLDER.iterdir()))}"
    (folder / "model").mkdir(parents=True)
    model.save(folder / "model" / "model.keras")
    return folder


def move(kind, **args):
    return {"kind": kind, "args": args, "reason": ""}


def again(model):
    """The script's own model once more: same layers and names, other weights, not trained."""
    new = type(model).from_config(model.get_config())
    return compiled(new)


def widths(model):
    found = {}
    for layer in model.layers[:-1]:
        config = layer.get_config()
        if "layer" in config:
            config = config["layer"]["config"]
        width = config.get("units", config.get("filters", config.get("output_dim")))
        if width:
            found[layer.name] = width
    return found


def changed(model, *moves, parent=None):
    new, inherited, notes = network.apply(again(model), list(moves), parent)
    assert not any("left out" in note for note in notes), notes
    return new, inherited, notes


def trains(model):
    x, y = data(model)
    before = [w.copy() for w in model.get_weights()]
    model.train_on_batch(x, y)
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True)), (
        "a step changed nothing"
    )


def same(new, old):
    x, _ = data(old, 7)
    difference = np.abs(np.asarray(new(x, training=False)) - np.asarray(old(x, training=False))).max()
    assert difference < 1e-5, f"outputs differ by {difference}"


def architecture(model):
    return [(type(layer).__name__, layer.name, tuple(layer.output.shape)) for layer in model.layers]


def check_continuing_gives_the_same_outputs():
    for model in map(ready, models()):
        new, inherited, notes = changed(model, move("epochs", epochs=3), parent=kept(model))
        assert inherited and not notes, notes
        same(new, model)
        trains(new)


def check_widening_everything_gives_the_same_outputs():
    for model in map(ready, models()):
        wider = {name: 2 * width for name, width in widths(model).items()}
        new, inherited, notes = changed(model, move("widen", layers=wider), parent=kept(model))
        assert inherited and not notes, notes
        assert widths(new) == wider
        same(new, model)
        trains(new)


def check_widening_one_chain_layer_gives_the_same_outputs():
    for model in (ready(chain(seed)) for seed in SEEDS):
        for name, width in list(widths(model).items())[:2]:
            new, _, notes = changed(model, move("widen", layers={name: width + 3}), parent=kept(model))
            assert not notes, notes
            same(new, model)


def check_a_wider_child_can_be_widened_again():
    for model in (ready(chain(seed)) for seed in (0, 2)):
        first = move("widen", layers={n: w + 2 for n, w in widths(model).items()})
        child, _, _ = changed(model, first, parent=kept(model))
        ready(child)
        second = move("widen", layers={n: w + 5 for n, w in widths(model).items()})
        new, _, notes = changed(model, first, second, parent=kept(child))
        assert not notes, notes
        same(new, child)


def check_identity_layers_give_the_same_outputs():
    for model in (ready(chain(seed)) for seed in (0, 2)):
        for layer in model.layers[:-1]:
            config = layer.get_config()
            if type(layer).__name__ in ("Dense", "Conv2D") and config["activation"] in ("relu", "linear"):
                new, _, notes = changed(model, move("deepen", after=layer.name), parent=kept(model))
                assert not notes, notes
                assert len(new.layers) == len(model.layers) + 1
                same(new, model)
                trains(new)


def check_widened_and_deepened_at_once_gives_the_same_outputs():
    for model in (ready(chain(seed)) for seed in (0,)):
        first = model.layers[0].name
        moves = [move("widen", layers={first: 9}), move("deepen", after=first)]
        new, _, notes = changed(model, *moves, parent=kept(model))
        assert not notes, notes
        same(new, model)


def check_dropout_and_normalisation_keep_the_outputs_of_inference():
    for model in map(ready, light()):
        names = [layer.name for layer in model.layers[:-1] if type(layer).__name__ in ("Dense", "Conv2D")]
        for one in (move("dropout", layers=dict.fromkeys(names, 0.3)), move("batchnorm", after=names)):
            if not names:
                continue
            new, inherited, notes = changed(model, one, parent=kept(model))
            assert inherited and not [n for n in notes if "ty_" not in n], notes
            same(new, model)


def check_every_move_builds_and_trains():
    flat = keras.Sequential(
        [L.Input((8, 8)), L.Flatten(), L.Dense(4, activation="sigmoid"), L.Dense(3, activation="softmax")]
    )
    cases = [
        (flat, move("convolve", filters=[4, 8], reshape=[8, 8, 1])),
        (flat, move("convolve", filters=[4, 8], rank=1, size=5)),
        (flat, move("remove", layers=[flat.layers[1].name])),
    ]
    for model in light():
        cases.append((model, move("optimizer", class_name="Adam", config={"learning_rate": 0.01})))
        names = {type(layer).__name__: layer.name for layer in model.layers[:-1]}
        cases.append((model, move("dense_block", after=model.layers[-2].name, units=7, rate=0.2)))
        if "Conv2D" in names and "Add" not in names:
            cases.append((model, move("conv_block", after=names["Conv2D"], filters=5, pool=True)))
            cases.append(
                (
                    model,
                    move(
                        "augment", layers=[["RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}]]
                    ),
                )
            )
            cases.append((model, move("input_batchnorm", momentum=0.8)))
        if "Flatten" in names and "GlobalAveragePooling2D" not in names:
            cases.append((model, move("head", layer=names["Flatten"], to="gap")))
        if "BatchNormalization" in names:
            cases.append((model, move("bn_momentum", momentum=0.7)))
        if "Dense" in names:
            cases.append((model, move("activation", layers={names["Dense"]: "relu"})))
            cases.append((model, move("penalise", layers={names["Dense"]: 0.01})))
        if "Embedding" in names:
            cases.append((model, move("conv_block", after=names["Embedding"], filters=5, rank=1)))
    for model, one in cases:
        new, _, notes = changed(ready(model), one)
        assert not notes, (one, notes)
        trains(new)


def check_every_inverse_restores_the_architecture():
    for model in map(ready, light()):
        wider = move("widen", layers={name: width + 4 for name, width in widths(model).items()})
        back = move("narrow", layers=widths(model))
        assert architecture(changed(model, wider, back)[0]) == architecture(model)
        dense = [layer.name for layer in model.layers[:-1] if type(layer).__name__ == "Dense"]
        for one in (move("batchnorm", after=dense), move("dropout", layers=dict.fromkeys(dense, 0.3))):
            if dense:
                new = changed(model, one)[0]
                added = [layer.name for layer in new.layers if layer.name.startswith("ty_")]
                restored = changed(model, one, move("remove", layers=added))[0] if added else model
                assert architecture(restored) == architecture(model)


def check_a_move_that_does_not_fit_is_left_out_and_said():
    model = ready(chain(2))
    for one in (
        move("widen", layers={model.layers[-1].name: 9}),
        move("widen", layers={"nowhere": 9}),
        move("head", layer=model.layers[0].name, to="gap"),
        move("conv_block", after=model.layers[0].name, filters=4),
    ):
        new, _, notes = network.apply(again(model), [one], None)
        assert len(notes) == 1 and one["kind"] in notes[0], notes
        assert architecture(new) == architecture(model)


def check_loss_metrics_and_optimizer_stay_the_scripts_own():
    def own_loss(truth, answer):
        return keras.losses.sparse_categorical_crossentropy(truth, answer) * 2

    model = chain(2)
    sgd = keras.optimizers.SGD(0.05, momentum=0.7, nesterov=True)
    model.compile(
        optimizer=sgd, loss=own_loss, metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)]
    )
    new, _, _ = network.apply(model, [move("widen", layers={model.layers[0].name: 9})], None)
    assert new.loss is own_loss
    config = new.optimizer.get_config()
    assert (round(float(config["momentum"]), 3), config["nesterov"]) == (0.7, True)
    assert new.optimizer is not model.optimizer
    x, y = data(new)
    history = new.fit(x, y, epochs=1, verbose=0).history
    assert "accuracy" in history and len(history) == 3, history
    slower, _, _ = network.apply(model, [move("learning_rate", learning_rate=0.002)], None)
    assert abs(float(slower.optimizer.learning_rate) - 0.002) < 1e-7


def check_layers_with_other_initial_weights_get_them():
    zeros = keras.Sequential([
        L.Input((6,)), L.Dense(8, activation="relu", kernel_initializer="zeros"),
        L.Dense(3, activation="softmax"),
    ])  # fmt: skip
    zeros.compile("adam", "sparse_categorical_crossentropy")
    name, last = (one.name for one in zeros.layers)
    new, _, notes = network.apply(zeros, [move("initializer", layers={name: "he_normal"})], None)
    assert not notes and np.abs(new.get_layer(name).get_weights()[0]).max() > 0.1
    assert np.array_equal(new.get_layer(last).get_weights()[0], zeros.get_layer(last).get_weights()[0])


def check_a_network_inside_the_network_learns_from_the_weights_it_has():
    given = L.Input((6,))
    inner = keras.Model(given, L.Dense(5, activation="relu")(given), name="inner")
    inner.trainable = False
    whole = keras.Sequential([L.Input((6,)), inner, L.Dense(3, activation="softmax")])
    whole.compile("adam", "sparse_categorical_crossentropy")
    new, _, notes = network.apply(whole, [move("trainable", layers={"inner": True})], None)
    assert not notes and len(whole.trainable_weights) == 2 and len(new.trainable_weights) == 4
    for a, b in zip(new.get_layer("inner").get_weights(), inner.get_weights(), strict=True):
        assert np.array_equal(a, b)


def check_initial_weights_of_unchanged_layers_are_kept():
    model = ready(chain(2))
    frozen = model.get_weights()
    new, _, _ = network.apply(model, [move("dense_block", after=model.layers[-2].name, units=4)], None)
    assert (new.layers[0].get_weights()[0] == frozen[0]).all()
    fresh, _, _ = network.apply(model, [move("reinit")], None)
    assert (fresh.layers[0].get_weights()[0] != frozen[0]).any()


def check_layers_of_the_scripts_own_come_along():
    class Doubled(L.Layer):
        def call(self, inputs):
            return inputs * 2

    def bent(x):
        return x * 0.5

    model = keras.Sequential(
        [
            L.Input((4,)),
            L.Dense(3, activation=bent),
            Doubled(),
            L.Lambda(lambda x: x + 1),
            L.Dense(3, activation="softmax"),
        ]
    )
    ready(model)
    new, _, notes = network.apply(again_with(model), [move("widen", layers={model.layers[0].name: 6})], None)
    assert not notes, notes
    trains(new)


def again_with(model):
    return model


def check_a_subclassed_model_gets_its_rate_and_says_what_it_does_not_get():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.only = L.Dense(3, activation="softmax")

        def call(self, inputs):
            return self.only(inputs)

    model = Own()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    moves = [move("learning_rate", learning_rate=0.02), move("widen", layers={"only": 8})]
    new, inherited, notes = network.apply(model, moves, None)
    assert new is model and not inherited and "script's own" in notes[0]
    assert abs(float(model.optimizer.learning_rate) - 0.02) < 1e-7


def check_training_stops_at_a_plateau_and_where_it_is_good_enough():
    rule = Stopping(patience=5)
    answers = [rule.after({"val_accuracy": value}) for value in (0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6)]
    assert answers == ["on", "on", "on", "slower", "on", "slower", "stop"], answers
    rule = Stopping(patience=50, enough=0.9)
    assert [rule.after({"val_accuracy": v}) for v in (0.8, 0.91, 0.89, 0.92)] == ["on", "on", "on", "stop"]
    rule = Stopping(patience=6, gain=0.02)  # what chance gives is no gain
    assert [rule.after({"val_accuracy": 0.8 + 0.003 * n}) for n in range(7)][-1] == "stop"
    rule = Stopping(patience=8)  # what is learnt by heart has nothing left to learn from
    learnt = [rule.after({"val_accuracy": 0.8, "accuracy": share}) for share in (0.9, *(1.0,) * 4)]
    assert learnt[-1] == "stop"
    model = ready(chain(2))
    x, y = data(model)
    (stopping,) = network.callbacks(model, [move("stop", patience=2, enough=None)])
    rate = float(model.optimizer.learning_rate)
    model.optimizer.learning_rate = 0.0
    history = model.fit(x, y, validation_data=(x, y), epochs=30, verbose=0, callbacks=[stopping]).history
    assert 3 <= len(history["loss"]) < 30 and rate > 0, len(history["loss"])
    assert float(model.optimizer.learning_rate) == 0.0


def check_a_race_is_over_with_a_form_that_is_good_enough():
    for enough, ran in ((0.0, 1), (1.1, 2), (None, 2)):
        model = ready(chain(2))
        x, y = data(model)
        moves = [
            move("stop", patience=2, enough=enough),
            move("race", epochs=1, other=[move("learning_rate", learning_rate=0.5)], names=["this", "that"]),
        ]
        changed, _, _, raced = race.run(model, moves, None, {"x": x, "y": y, "validation_data": (x, y)})
        assert len(raced["scores"]) == ran, raced
        assert raced["winner"] == raced["scores"].index(max(raced["scores"])), raced
        rate = float(changed.optimizer.learning_rate)
        assert (abs(rate - 0.5) < 1e-6) == bool(raced["winner"]), (rate, raced)


def main():
    results = {}
    keras.utils.set_random_seed(1)
    for name, check in sorted(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                results[name] = "ok"
            except Exception:  # noqa: BLE001
                results[name] = traceback.format_exc()[-1500:]
            keras.backend.clear_session()
    print(json.dumps(results))


if __name__ == "__main__":
    main()
