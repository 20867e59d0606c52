"""What the harness spares a training changes none of its numbers."""

from __future__ import annotations

import subprocess

from tests.harness.conftest import Bench

SCRIPT = """
import gc
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(3)
x = np.random.rand(240, 8, 8, 1).astype("float32")
y = (x[:, :4].sum((1, 2, 3)) > x[:, 4:].sum((1, 2, 3))).astype("int32")
model = keras.Sequential([
    keras.layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)), keras.layers.BatchNormalization(),
    keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(2, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
arrays = model.fit(x[:160], y[:160], epochs=3, validation_data=(x[160:200], y[160:200]), verbose=0)
rows = tf.data.Dataset.from_tensor_slices((x[:160], y[:160])).shuffle(160)
rows = rows.map(lambda a, b: (tf.image.random_flip_left_right(a) * 0.9 + 0.1 * tf.square(a), b)).batch(16)
pipeline = model.fit(rows, epochs=2, verbose=0)
print("said", arrays.history, pipeline.history, model.evaluate(x[200:], y[200:], verbose=0), gc.isenabled())
"""


def test_a_seeded_training_has_the_numbers_that_it_has_under_plain_python(keras: Bench) -> None:
    source = keras.source(SCRIPT)
    plain = subprocess.run(
        [keras.python, source / "train.py"], capture_output=True, text=True, check=True, cwd=keras.folder
    )
    ended = keras.train(source)
    ended.clean()
    said = [line for line in plain.stdout.splitlines() if line.startswith("said")]
    assert said and said[0].endswith(" True")
    assert said == [line for line in ended.out.splitlines() if line.startswith("said")]


def test_small_graphs_run_as_they_are_unless_the_script_says_otherwise(keras: Bench) -> None:
    asked = "import tensorflow as tf\nprint(tf.config.optimizer.get_experimental_options())\n"
    assert "'min_graph_nodes': 40" in keras.train(asked).out
    own = asked.replace("\n", "\ntf.config.optimizer.set_experimental_options({'min_graph_nodes': 5})\n", 1)
    assert "'min_graph_nodes': 5" in keras.train(own, keras.trial("own")).out


TRACED = """
import numpy as np
import keras

class Counted(keras.layers.Layer):
    calls = 0

    def call(self, x, training=None):
        Counted.calls += bool(training)
        return x

def made(loss, metrics, outputs=1, **shape):
    model = keras.Sequential([
        keras.Input((5,)), keras.layers.Dense(4), Counted(), keras.layers.Dense(outputs, **shape)
    ])
    model.compile("adam", loss, metrics=metrics)
    return model

x = np.random.rand(60, 5)
y = (x.sum(1) > 2.5).astype("int32")
for name, labels, model in [
    ("binary", y, made("binary_crossentropy", ["accuracy", "AUC"], activation="sigmoid")),
    ("sparse", y, made("sparse_categorical_crossentropy", ["acc"], 2, activation="softmax")),
    ("one-hot", np.eye(2)[y], made("categorical_crossentropy", ["accuracy"], 2, activation="softmax")),
    ("number", y, made("mse", ["mae"])),
]:
    before = Counted.calls
    model.fit(x, labels, epochs=1, verbose=0)
    print("traced", name, Counted.calls - before)
wrong = made("categorical_crossentropy", ["accuracy"], 2, activation="softmax")
try:
    wrong.fit(x, y, verbose=0)
except ValueError as error:
    print("refused", str(error).splitlines()[0])
"""


def test_a_training_step_is_traced_once_and_a_wrong_one_refused_in_the_same_words(keras: Bench) -> None:
    plain = subprocess.run(
        [keras.python, keras.source(TRACED) / "train.py"], capture_output=True, text=True, check=True
    )
    told = [line for line in plain.stdout.splitlines() if line.startswith(("traced", "refused"))]
    assert [line.split()[-1] for line in told[:4]] == ["2"] * 4, (
        "Keras traces once by itself: drop keras_ahead"
    )
    ours = keras.train(TRACED).out.splitlines()
    ours = [line for line in ours if line.startswith(("traced", "refused"))]
    assert ours == [line.removesuffix("2") + "1" for line in told[:4]] + told[4:]
