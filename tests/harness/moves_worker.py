"""Builds networks from descriptions, applies moves to them and answers with what broke; run inside an image.

Reads one JSON description a line, `{"kind": ..., "widths": [...], ...}`, and answers with one JSON list of
sentences a line, empty where every promise holds.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from trainyard_harness.frameworks.keras_model import describe
from trainyard_harness.moves import keras as network
from trainyard_harness.moves.graph import Graph
from trainyard_harness.moves.traits import PRESERVES, inverse

L = keras.layers
FOLDER = Path(tempfile.mkdtemp())


def built(d):
    """The network of a description; unknown combinations do not exist."""
    w, f = d["widths"], d["function"]
    if d["kind"] == "dense":
        layers = [
            L.Input((6,)),
            L.Dense(w[0], activation=f),
            *([L.BatchNormalization()] if d["norm"] else []),
        ]
        layers += [L.Dropout(0.2)] * d["drop"] + [L.Dense(w[1], activation="relu")]
    elif d["kind"] == "image":
        layers = [L.Input((8, 8, 2)), L.Conv2D(w[0], 3, padding=d["padding"], activation=f)]
        layers += [L.BatchNormalization(momentum=0.9)] * d["norm"] + [L.MaxPooling2D()]
        layers += [L.Conv2D(w[1], 3, padding="same", activation="relu")]
        layers += [L.Flatten() if d["flat"] else L.GlobalAveragePooling2D(), L.Dense(w[2], activation="relu")]
    elif d["kind"] == "sequence":
        cell = {"lstm": L.LSTM, "gru": L.GRU}[d["cell"]]
        layers = [L.Input((5,)), L.Embedding(20, w[0]), cell(w[1], return_sequences=True)]
        layers += [L.Bidirectional(cell(w[2])) if d["norm"] else cell(w[2]), L.Dense(w[0], activation=f)]
    else:
        return branched(d)
    return keras.Sequential([*layers, L.Dense(3, activation="softmax")])


def branched(d):
    """A functional network with residuals, as many as `blocks`, and a branch that is concatenated."""
    w = d["widths"]
    given = keras.Input((8, 8, 1))
    x = L.Conv2D(w[0], 3, padding="same", activation="relu")(given)
    for _ in range(d["blocks"]):
        inner = L.Conv2D(w[0], 3, padding="same")(x)
        inner = L.BatchNormalization(momentum=0.9)(inner) if d["norm"] else inner
        x = L.Activation("relu")(L.Add()([x, inner]))
    left = L.GlobalAveragePooling2D()(x)
    right = L.Dense(w[1], activation=d["function"])(L.Flatten()(L.MaxPooling2D()(x)))
    return keras.Model(given, L.Dense(3, activation="softmax")(L.Concatenate()([left, right])))


def moves(model, d):
    """Every move that is valid for the network, with arguments that fit."""
    hidden = {one.name: one for one in model.layers[:-1]}
    kinds = {name: type(one).__name__ for name, one in hidden.items()}
    dense = [name for name, kind in kinds.items() if kind == "Dense"]
    convolutions = [name for name, kind in kinds.items() if kind == "Conv2D"]
    now = {name: width for name, one in hidden.items() if (width := width_of(one))}
    yield move("widen", layers={name: width + d["more"] for name, width in now.items()})
    yield move("narrow", layers={name: max(1, width - 1) for name, width in now.items()})
    for name in [*dense, *convolutions][:2]:
        if hidden[name].get_config()["activation"] in ("relu", "linear"):
            yield move("deepen", after=name)
    yield move("dense_block", after=model.layers[-2].name, units=5, rate=0.1 * d["drop"])
    if [*dense, *convolutions]:
        yield move("batchnorm", after=[*dense, *convolutions], momentum=0.8)
        yield move("dropout", layers=dict.fromkeys([*dense, *convolutions], 0.3))
        yield move("initializer", layers=dict.fromkeys([*dense, *convolutions], "he_normal"))
        yield move("trainable", layers=dict.fromkeys([*dense, *convolutions], True))
        yield move("penalise", layers=dict.fromkeys([*dense, *convolutions], 0.01))
        yield move("activation", layers={[*dense, *convolutions][0]: "relu"})
    if convolutions:
        if d["kind"] == "image":  # within a residual the maps have to keep their size
            yield move("conv_block", after=convolutions[-1], filters=4, pool=d["drop"] == 1)
            yield move("finer", layers={name: 1 for name, kind in kinds.items() if kind == "MaxPooling2D"})
        yield move("augment", layers=[["RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}]])
    if "Embedding" not in kinds.values():
        yield move("input_batchnorm", momentum=0.8)
    else:
        yield move("conv_block", after=next(iter(hidden)), filters=4, rank=1)
    for name, kind in kinds.items():
        if kind in ("Flatten", "GlobalAveragePooling2D"):
            yield move("head", layer=name, to="gap" if kind == "Flatten" else "gmp")
    if "BatchNormalization" in kinds.values():
        yield move("bn_momentum", momentum=0.7)
    if "Dropout" in kinds.values():
        yield move("remove", layers=[name for name, kind in kinds.items() if kind == "Dropout"])


def move(kind, **args):
    return {"kind": kind, "args": args, "reason": ""}


def width_of(layer):
    config = layer.get_config()
    config = config["layer"]["config"] if "layer" in config else config
    return config.get("units", config.get("filters", config.get("output_dim")))


def compiled(model):
    """Eager: tracing would take most of the time."""
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", run_eagerly=True)
    return model


def shape(model):
    """The architecture without names and initializers."""
    places = {one.name: place for place, one in enumerate(model.layers)}
    graph = Graph(model.get_config(), sequential=type(model).__name__ == "Sequential")
    found = []
    for one in model.layers:
        config = {k: v for k, v in one.get_config().items() if k in SHAPING}
        feeding = [places[name] for name in graph.inputs_of(one.name) if name in places]
        found.append((type(one).__name__, config, feeding, width_of(one)))
    return found


SHAPING = ("units", "filters", "output_dim", "activation", "rate", "momentum", "kernel_size", "padding",
           "kernel_regularizer", "pool_size", "strides", "trainable")  # fmt: skip


def check(d):
    """What does not hold, as sentences."""
    keras.utils.set_random_seed(d["seed"])
    r = np.random.default_rng(d["seed"])
    model = compiled(built(d))
    model.set_weights([np.abs(w + 0.2 * r.normal(size=w.shape)).astype(w.dtype) for w in model.get_weights()])
    folder = FOLDER / str(len(list(FOLDER.iterdir())))
    (folder / "model").mkdir(parents=True)
    model.save(folder / "model" / "model.keras")
    tokens = d["kind"] == "sequence"
    size = (12, *model.input_shape[1:])
    x = r.integers(0, 20, size) if tokens else r.normal(size=size).astype("float32")
    y = r.integers(0, 3, 12)
    before = np.asarray(model(x, training=False))
    graph = Graph(model.get_config(), sequential=type(model).__name__ == "Sequential")
    return [
        f"{one}: {said}"
        for one in moves(model, d)
        for said in broken(model, graph, one, folder, (x, y, before))
    ]


def broken(model, graph, one, folder, data):
    x, y, before = data
    again = compiled(type(model).from_config(model.get_config()))
    new, inherited, notes = network.apply(again, [one], folder)
    if any("left out" in note for note in notes):
        yield f"left out: {notes}"
        return
    if PRESERVES.get(one["kind"]):
        difference = np.abs(np.asarray(new(x, training=False)) - before).max()
        if not inherited or difference > 1e-5:
            yield f"outputs differ by {difference} (inherited: {inherited}, {notes})"
    weights = [w.copy() for w in new.get_weights()]
    new.train_on_batch(x, y)
    if all((a == b).all() for a, b in zip(weights, new.get_weights(), strict=True)):
        yield "a step changed nothing"
    cost, was = describe(new), describe(model)
    if one["kind"] in ("widen", "deepen", "dense_block") and not cost["macs"] > was["macs"]:
        yield f"costs {cost['macs']} where it was {was['macs']}"
    back = inverse(graph, one)
    if back is None:
        return
    restored, _, notes = network.apply(compiled(type(model).from_config(model.get_config())), [one, *back])
    if notes or shape(restored) != shape(model):
        yield f"{back} does not undo it: {shape(restored)} instead of {shape(model)} {notes}"


def main():
    for line in sys.stdin:
        try:
            found = check(json.loads(line))
        except Exception:  # noqa: BLE001
            found = [traceback.format_exc()[-1500:]]
        keras.backend.clear_session()
        print("ANSWER", json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
