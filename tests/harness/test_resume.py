"""A training that was killed goes on from its checkpoint, and ends in the very same weights and numbers."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.conftest import Bench, Ended, until
from trainyard_harness.checkpoints import Store

# Dropout, batch normalisation, shuffling, a learning rate that falls, early stopping, a file written by a
# callback and read back, a second fit of a random tf.data pipeline: all of it has state that must survive.
SCRIPT = """
import keras, numpy as np, tensorflow as tf
rng = np.random.default_rng(1)
x = rng.normal(size=(3000, 20)).astype("float32")
y = (x @ rng.normal(size=(20, 4)) + rng.normal(size=(3000, 4))).argmax(1)
x_train, y_train, x_test, y_test = x[:2400], y[:2400], x[2400:], y[2400:]
model = keras.Sequential([
    keras.layers.Dense(64, activation="relu"), keras.layers.Dropout(0.3), keras.layers.BatchNormalization(),
    keras.layers.Dense(4, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
callbacks = [
    keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
    keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
    keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True),
]
model.fit(x_train, y_train, epochs=12, validation_split=0.2, callbacks=callbacks, verbose=2)
slow = keras.optimizers.SGD(1e-3, momentum=0.9)
model.compile(slow, "sparse_categorical_crossentropy", metrics=["accuracy"])
rows = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(1000)
rows = rows.map(lambda a, b: (a + 0.05 * tf.random.normal(tf.shape(a)), b)).batch(50)
history = model.fit(rows, epochs=6, validation_data=(x_test, y_test), verbose=2)
best = keras.models.load_model("best.keras")
print("best", best.evaluate(x_test, y_test, verbose=0), "drawn", np.random.rand(), history.history["loss"])
print("last", model.evaluate(x_test, y_test, verbose=0))
model.save("out.keras")
"""


# What the saved model holds, without the times that a .keras file keeps of its writing.
DIGEST = """
import hashlib, h5py, io, sys, zipfile
found = hashlib.sha256()
with zipfile.ZipFile(sys.argv[1]) as packed:
    inside = h5py.File(io.BytesIO(packed.read("model.weights.h5")))
    def add(name, one):
        if hasattr(one, "shape"):
            found.update(name.encode() + one[()].tobytes())
    inside.visititems(add)
print(found.hexdigest())
"""


def outcome(bench: Bench, ended: Ended) -> dict[str, Any]:
    """Everything that must be equal: weights, numbers, curves, what the script printed of its own."""
    digest = subprocess.run(
        [bench.python, "-c", DIGEST, str(ended.trial / "model" / "model.keras")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in ended.history]
    said = [line for line in ended.out.splitlines() if line.startswith(("best ", "last "))]
    return {"weights": digest.stdout, "numbers": ended.metrics["metrics"], "curves": rows, "said": said[-2:]}


@pytest.fixture(scope="module")
def whole(interpreter: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The uninterrupted training."""
    bench = Bench(interpreter("keras"), tmp_path_factory.mktemp("whole"))
    began = time.monotonic()
    ended = bench.train(SCRIPT)
    assert ended.code == 0, ended.out[-3000:]
    return {"seconds": time.monotonic() - began, **outcome(bench, ended)}


def same(bench: Bench, ended: Ended, whole: dict[str, Any]) -> None:
    assert ended.code == 0, ended.out[-3000:]
    ended.clean()
    found = outcome(bench, ended)
    for name, value in found.items():
        assert value == whole[name], name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_resume_after_sigkill_gives_identical_weights_and_metrics(
    keras: Bench, whole: dict[str, Any], seed: int
) -> None:
    """Killed up to three times at random moments, in and between epochs, fits and checkpoint writes."""
    chance = random.Random(seed)
    source, trial = keras.source(SCRIPT), keras.trial()
    for _attempt in range(chance.choice([1, 2, 3])):
        keras.killed(source, trial, chance.uniform(0.3, 1.0) * whole["seconds"])
    same(keras, keras.train(source, trial), whole)


def test_a_torn_checkpoint_is_passed_over_for_the_one_before(keras: Bench, whole: dict[str, Any]) -> None:
    source, trial = keras.source(SCRIPT), keras.trial()
    process = keras.start(source, trial)
    until(lambda: len(list((trial / "checkpoint").glob("fit-0000-*.ckpt"))) == 2)
    process.kill()
    process.wait()
    kept = sorted((trial / "checkpoint").glob("fit-0000-*.ckpt"))
    kept[-1].write_bytes(kept[-1].read_bytes()[:-100])
    (trial / "checkpoint" / f".{kept[-1].name}.1").write_bytes(b"half a file")
    ended = keras.train(source, trial)
    same(keras, ended, whole)
    assert ended.metrics["resumed_from_epoch"] is not None


def test_no_checkpoint_at_all_starts_over_and_ends_the_same(keras: Bench, whole: dict[str, Any]) -> None:
    source, trial = keras.source(SCRIPT), keras.trial()
    keras.killed(source, trial, 0.5 * whole["seconds"])
    for file in (trial / "checkpoint").glob("*.ckpt"):
        file.write_bytes(b"")
    ended = keras.train(source, trial)
    same(keras, ended, whole)
    assert ended.metrics["resumed_from_epoch"] is None


def test_checkpoints_of_other_code_are_not_used(keras: Bench) -> None:
    source, trial = keras.source(SCRIPT), keras.trial()
    process = keras.start(source, trial)
    until(lambda: any((trial / "checkpoint").glob("fit-0000-*.ckpt")))
    process.kill()
    process.wait()
    changed = keras.source(SCRIPT.replace("epochs=12", "epochs=1").replace("epochs=6", "epochs=1"))
    ended = keras.train(changed, trial)
    assert ended.code == 0
    assert ended.metrics["resumed_from_epoch"] is None


WRITER = """
import sys, numpy as np
from pathlib import Path
from trainyard_harness.checkpoints import Store
store = Store(Path(sys.argv[1]))
store.belongs_to("one")
for number in range(10_000):
    array = np.full(200_000, number, dtype="float64")
    store.write(0, number, lambda: ({"number": number}, [array]))
    print(number, flush=True)
"""


def test_sigkill_while_a_checkpoint_is_written_leaves_a_whole_one(sklearn: Bench) -> None:
    """Twenty times, at random moments; at most the one that was being written is lost."""
    chance = random.Random(5)
    for turn in range(20):
        folder = sklearn.folder / f"checkpoint-{turn}"
        process = subprocess.Popen(
            [sklearn.python, "-c", WRITER, str(folder)],
            env=sklearn.environment(sklearn.folder, sklearn.folder), stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        said = [0, *map(int, process.stdout.read().split())]
        process.wait()
        found = Store(folder).newest(0)
        assert found is not None
        assert found[0]["number"] in {said[-1], said[-1] + 1}
        assert (found[1][0] == found[0]["number"]).all()
