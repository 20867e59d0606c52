"""How source is rewritten, form by form. That the results train is shown by tests/harness/test_patch.py."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest

from trainyard.patch import Ladder, UnpatchableError, patched
from trainyard.patch.diff import unified
from trainyard.runs.files import Move


class Script:
    """A script with the places that the harness would tell, found by the names of what is called."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder, self.text = folder, text
        (folder / "train.py").write_text(text)
        calls = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call)]
        self.calls = sorted(calls, key=lambda one: (one.lineno, one.col_offset))

    def place(self, name: str, which: int = 0) -> str:
        named = [one for one in self.calls if ast.unparse(one.func).split(".")[-1] == name]
        return f"train.py:{named[which].end_lineno}:{named[which].end_col_offset}"

    def layer(self, name: str, kind: str, *made_at: str, **config: Any) -> dict[str, Any]:
        return {"name": name, "class_name": kind, "config": config, "made_at": list(made_at)}

    def architecture(self, *layers: dict[str, Any], **training: Any) -> dict[str, Any]:
        rest = {
            "compile": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}}},
            "training": {"epochs": 5, "validation": True, "callbacks": [], **training},
        }
        for one, name in (("compile", "compile"), ("training", "fit")):
            if f".{name}(" in self.text:
                rest[one]["made_at"] = [self.place(name)]
        return {"kind": "sequential", "layers": list(layers), **rest}

    def patch(self, base: dict[str, Any], winner: dict[str, Any], *moves: Move, epochs: int = 5) -> str:
        ladder = Ladder(moves=[list(moves)], epochs=[epochs], monitor="val_accuracy")
        return patched(self.folder, "train.py", base, winner, ladder)["train.py"][1].decode()


def move(kind: str, **args: Any) -> Move:
    return Move(kind=kind, args=args)


def changed(before: str, after: str) -> list[str]:
    """The lines that came in."""
    return [line for line in after.splitlines() if line not in before.splitlines()]


DENSE = """\
from keras.layers import Dense  # the layers
from keras.models import Sequential
units = 8
model = Sequential()
model.add(Dense(units, input_dim=4, activation='relu'))   # hidden
model.add(Dense(3, activation='softmax'))
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(x, y, epochs=5, validation_split=0.2)
"""


def dense(script: Script, units: int = 8, **more: Any) -> list[dict[str, Any]]:
    return [
        script.layer("dense", "Dense", script.place("Dense"), units=units, activation="relu", **more),
        script.layer("dense_1", "Dense", script.place("Dense", 1), units=3, activation="softmax"),
    ]


def test_a_width_is_changed_in_the_variable_that_only_it_reads(tmp_path: Path) -> None:
    script = Script(tmp_path, DENSE)
    after = script.patch(script.architecture(*dense(script)), script.architecture(*dense(script, 64)))
    assert changed(DENSE, after) == ["units = 64"]


def test_a_width_is_changed_at_its_use_where_others_read_the_variable(tmp_path: Path) -> None:
    text = DENSE + "print(units)\n"
    script = Script(tmp_path, text)
    after = script.patch(script.architecture(*dense(script)), script.architecture(*dense(script, 64)))
    assert changed(text, after) == ["model.add(Dense(64, input_dim=4, activation='relu'))   # hidden"]


def test_a_size_given_by_its_place_is_changed_there(tmp_path: Path) -> None:
    text = DENSE.replace("import Dense", "import Dense, MaxPooling2D").replace(
        "model.add(Dense(3", "model.add(MaxPooling2D(4))\nmodel.add(Dense(3"
    )
    script = Script(tmp_path, text)

    def layers(size: int) -> list[dict[str, Any]]:
        place, sizes = script.place("MaxPooling2D"), {"pool_size": [size, size], "strides": [size, size]}
        first, last = dense(script)
        return [first, script.layer("pool", "MaxPooling2D", place, **sizes), last]

    after = script.patch(script.architecture(*layers(4)), script.architecture(*layers(2)))
    assert changed(text, after) == ["model.add(MaxPooling2D((2, 2)))"]


def test_layers_are_added_around_and_imported(tmp_path: Path) -> None:
    script = Script(tmp_path, DENSE)
    first, second = dense(script)
    winner = script.architecture(
        script.layer("ty_bn_input", "BatchNormalization", momentum=0.9, center=False, scale=False),
        first,
        script.layer("ty_dropout_dense", "Dropout", rate=0.3, seed=None),
        second,
    )
    assert changed(DENSE, script.patch(script.architecture(first, second), winner)) == [
        "from keras.layers import Dense, BatchNormalization, Dropout  # the layers",
        "model.add(BatchNormalization(momentum=0.9, center=False, scale=False, input_dim=4))",
        "model.add(Dense(units, activation='relu'))   # hidden",
        "model.add(Dropout(0.3))",
    ]


def test_how_it_trains_is_changed(tmp_path: Path) -> None:
    script = Script(tmp_path, DENSE)
    base = script.architecture(*dense(script))
    moves = [move("learning_rate", learning_rate=0.002), move("epochs", epochs=40)]
    after = script.patch(base, base, *moves, move("stop", patience=10, enough=0.95), epochs=22)
    assert changed(DENSE, after) == [
        "from keras.callbacks import EarlyStopping, ReduceLROnPlateau",
        "from keras.optimizers import Adam",
        "model.compile(Adam(learning_rate=0.002), 'sparse_categorical_crossentropy', metrics=['accuracy'])",
        "model.fit(x, y, epochs=40, validation_split=0.2, callbacks=[",
        "    ReduceLROnPlateau('val_accuracy', mode='max', factor=0.5, patience=4),",
        "    EarlyStopping('val_accuracy', mode='max', patience=10, restore_best_weights=True),",
        "])",
    ]
    without = script.architecture(*dense(script), validation=False)
    assert "epochs=22" in script.patch(without, without, *moves, move("stop", patience=10), epochs=22)


LISTED = """\
import tensorflow as tf
LR = 1e-4
opt = tf.keras.optimizers.Adam(lr=LR, decay=1e-6)
model = tf.keras.Sequential([
    tf.keras.layers.Conv2D(4, 3),  # the only one
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(3)])
model.compile(optimizer=opt, loss="mse")
model.fit(x, y)
"""


def test_a_list_keeps_its_comments_and_its_last_line(tmp_path: Path) -> None:
    script = Script(tmp_path, LISTED)
    conv = script.layer("conv2d", "Conv2D", script.place("Conv2D"), filters=4)
    flatten = script.layer("flatten", "Flatten", script.place("Flatten"))
    out = script.layer("dense", "Dense", script.place("Dense"), units=3)
    gap = script.layer("ty_gap_flatten", "GlobalAveragePooling2D")
    relu = script.layer("ty_relu", "Activation", activation="relu")
    winner = script.architecture(conv, relu, gap, out)
    after = script.patch(
        script.architecture(conv, flatten, out, epochs=1), winner, move("learning_rate", learning_rate=0.01)
    )
    assert changed(LISTED, after) == [
        "LR = 0.01",
        "opt = tf.keras.optimizers.Adam(lr=LR)",
        '    tf.keras.layers.Activation("relu"),',
        "    tf.keras.layers.GlobalAveragePooling2D(),",
        "model.fit(x, y, epochs=5)",
    ]


LOOP = """\
from keras import layers
def body(t, sizes=(4, 6), rate=0.1):
    for n in sizes:
        t = layers.Dense(n, activation="relu")(t)
        t = layers.Dropout(rate)(t)
    return t
"""


def looped(script: Script, one: int, two: int, *callers: str) -> dict[str, Any]:
    places = (script.place("Dense"), *callers)
    return script.architecture(
        script.layer("dense", "Dense", *places, units=one),
        script.layer("dense_1", "Dense", *places, units=two),
    )


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("body(x)", "def body(t, sizes=(64, 32), rate=0.1):"),
        ("body(x, [4, 6])", "out = body(x, [64, 32])"),
        ("body(x, rate=0.2, sizes=[4, 6])", "out = body(x, rate=0.2, sizes=[64, 32])"),
    ],
)
def test_a_loops_list_gets_each_layers_width(tmp_path: Path, call: str, line: str) -> None:
    text = f"{LOOP}out = {call}\n"
    script = Script(tmp_path, text)
    at = script.place("body")
    assert changed(text, script.patch(looped(script, 4, 6, at), looped(script, 64, 32, at))) == [line]


def test_layers_of_one_line_that_would_have_to_differ_are_refused(tmp_path: Path) -> None:
    script = Script(tmp_path, LOOP.replace("in sizes", "in read(sizes)"))
    with pytest.raises(UnpatchableError, match="would have to differ"):
        script.patch(looped(script, 4, 6), looped(script, 64, 32))


BRANCHES = """\
from keras import Input, Model, layers
inputs = Input((10,))
left = layers.Dense(4)(inputs)
right = layers.Dense(5)(inputs)
both = layers.Concatenate()([left, right])
model = Model(inputs, layers.Dense(3)(both))
"""


def branches(script: Script, widths: tuple[int, int], *added: dict[str, Any]) -> dict[str, Any]:
    """Two branches on one input; `added` stands between the input and both."""
    made = [
        script.layer("input", "InputLayer", script.place("Input")),
        script.layer("left", "Dense", script.place("Dense"), units=widths[0]),
        script.layer("right", "Dense", script.place("Dense", 1), units=widths[1]),
        script.layer("both", "Concatenate", script.place("Concatenate")),
        script.layer("out", "Dense", script.place("Dense", 2), units=3),
    ]
    before = added[-1]["name"] if added else "input"
    fed = {"left": [before], "right": [before], "both": ["left", "right"], "out": ["both"]}
    fed |= {one["name"]: ["input"] for one in added}
    nodes = [
        {"name": name, "inbound_nodes": [[[other, 0, 0, {}] for other in others]]}
        for name, others in fed.items()
    ]
    found = script.architecture(*made[:1], *added, *made[1:])
    return {**found, "kind": "functional", "config": {"layers": nodes}}


def test_an_input_of_two_branches_is_prepared_once(tmp_path: Path) -> None:
    script = Script(tmp_path, BRANCHES)
    scaled = script.layer("ty_bn_input", "BatchNormalization", momentum=0.9, center=False, scale=False)
    after = script.patch(branches(script, (4, 5)), branches(script, (64, 5), scaled))
    assert changed(BRANCHES, after) == [
        "inputs_prepared = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(inputs)",
        "left = layers.Dense(64)(inputs_prepared)",
        "right = layers.Dense(5)(inputs_prepared)",
    ]


ESTIMATORS = """\
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.decomposition import PCA

pipe = Pipeline([('pca', PCA(2)), ('svc', SVC(C=0.1))])
pipe.fit(X, y)
"""


def test_an_estimators_parameters_and_scaler(tmp_path: Path) -> None:
    script = Script(tmp_path, ESTIMATORS)
    steps = [{"name": "pca", "class": "sklearn.PCA"}, {"name": "svc", "class": "sklearn.svm.SVC"}]
    base = {"kind": "estimator", "estimator": {"class": "sklearn.pipeline.Pipeline", "steps": steps}}
    moves = [move("set_params", params={"svc__C": 10.0, "svc__gamma": "scale"}), move("scale_inputs")]
    assert changed(ESTIMATORS, script.patch(base, {}, *moves)) == [
        "from sklearn.preprocessing import StandardScaler",
        "pipe = Pipeline([('pca', PCA(2)), ('scaler', StandardScaler(with_mean=False)), "
        "('svc', SVC(C=10.0, gamma='scale'))])",
    ]


def test_a_scaler_goes_around_an_estimator_whose_parameters_change(tmp_path: Path) -> None:
    text = "from sklearn.neighbors import KNeighborsClassifier as KNN\nknn = KNN(7)\nknn.fit(X, y)\n"
    script = Script(tmp_path, text)
    base = {"kind": "estimator", "estimator": {"class": "sklearn.neighbors.KNeighborsClassifier"}}
    params = {"n_neighbors": 5, "weights": "distance"}
    after = script.patch(base, {}, move("scale_inputs"), move("set_params", params=params))
    (line,) = [one for one in changed(text, after) if one.startswith("knn")]
    assert ast.unparse(ast.parse(line)) == (
        "knn = make_pipeline(StandardScaler(with_mean=False), KNN(5, weights='distance'))"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "from keras.models import model_from_json\nmodel = model_from_json(text)\n",
            "is made by model_from_json",
        ),
        ("from keras.layers import Dense\nlayer = Dense(**settings)\n", "out of a variable"),
    ],
)
def test_what_does_not_show_is_said(tmp_path: Path, text: str, reason: str) -> None:
    script = Script(tmp_path, text)
    at = script.place("model_from_json" if "json" in text else "Dense")
    base = script.architecture(script.layer("dense", "Dense", at, units=4))
    winner = script.architecture(script.layer("dense", "Dense", at, units=8))
    with pytest.raises(UnpatchableError, match=reason):
        script.patch(base, winner)


@pytest.mark.parametrize(
    "place", ["../secret.py:1:4", "nowhere.py:1:4", "train.py:999:4", "train.py", "", "x:y:z"]
)
def test_places_out_of_the_sandbox_lead_nowhere(tmp_path: Path, place: str) -> None:
    (tmp_path / "secret.py").write_text("Dense(4)\n")
    (tmp_path / "repo").mkdir()
    script = Script(tmp_path / "repo", "Dense(4)\n")
    base = script.architecture(script.layer("dense", "Dense", place, units=4))
    with pytest.raises(UnpatchableError):
        script.patch(base, script.architecture(script.layer("dense", "Dense", place, units=8)))


@pytest.mark.parametrize("odd", [{"layers": 7}, {"layers": [{"name": 3}]}, {"config": []}, {"training": 1}])
def test_odd_files_out_of_the_sandbox_are_refused_in_words(tmp_path: Path, odd: dict[str, Any]) -> None:
    script = Script(tmp_path, DENSE)
    base = script.architecture(*dense(script))
    with pytest.raises(UnpatchableError):
        script.patch(base, {**base, **odd, "kind": "functional"}, move("epochs", epochs="x"), epochs=5)


@pytest.mark.parametrize("name", ["train.py", "a folder/tra\u00efn.py"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\nb", b"a\nB"),
        (b"a\r\nb\r\n", b"a\r\nB\r\n"),
        (b"a\n\x0cb\n", b"A\n\x0cb\n"),
    ],
)
def test_git_applies_the_diff(tmp_path: Path, name: str, before: bytes, after: bytes) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(before)
    diff = unified({name: (before, after)})
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, check=True)
    assert path.read_bytes() == after
