"""Trainings cut short, and races inside them: the script notices nothing, a restart changes nothing."""

from __future__ import annotations

from tests.harness.conftest import Bench, until

DIGITS = """
    import keras
    from keras import layers
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    d = load_digits()
    x, xe, y, ye = train_test_split(d.images[..., None] / 16.0, d.target, train_size=600, random_state=0)
    model = keras.Sequential([
        layers.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=EPOCHS, validation_split=0.2, verbose=0).history
    assert len(history["val_accuracy"]) == EPOCHS, len(history["val_accuracy"])
    print(model.evaluate(xe[:300], ye[:300], verbose=0))
"""
RACE = {
    "kind": "race",
    "args": {"epochs": 2, "other": [{"kind": "head", "args": {"layer": "flatten", "to": "gap"}}]},
}


def script(rate: float, epochs: int) -> str:
    return DIGITS.replace("RATE", str(rate)).replace("EPOCHS", str(epochs))


def test_a_baseline_that_cannot_reach_the_target_ends_early_and_says_so(keras: Bench) -> None:
    ended = keras.train(script(1e-6, 24), keras.trial(job={"target": 0.9}))
    assert ended.code == 0, ended.out
    ended.clean()
    assert len(ended.history) == ended.metrics["epochs_done"] == 8
    assert "8 of 24 epochs" in ended.metrics["abandoned"]


def test_a_baseline_on_its_way_is_trained_to_its_end(keras: Bench) -> None:
    ended = keras.train(script(3e-3, 12), keras.trial(job={"target": 0.9}))
    assert len(ended.history) == 12
    assert not ended.metrics.get("abandoned")


def test_the_better_head_wins_its_race_and_a_restart_runs_to_the_same_end(keras: Bench) -> None:
    source = keras.source(script(3e-3, 4))
    spec = {"trial": 1, "moves": [RACE, {"kind": "epochs", "args": {"epochs": 4}}]}
    calm = keras.train(source, keras.trial("calm", spec=spec))
    calm.clean()
    first, second = calm.metrics["race"]["scores"]
    assert calm.metrics["race"]["winner"] == int(second > first) == 0
    assert [layer["class_name"] for layer in calm.architecture["layers"]][1] == "Flatten"

    killed = keras.trial("killed", spec=spec)
    process = keras.start(source, killed)
    until(lambda: process.poll() is not None or any((killed / "checkpoint").glob("*")))
    process.kill()
    process.wait()
    again = keras.train(source, killed)
    assert again.metrics["race"] == calm.metrics["race"]
    assert again.number("accuracy")["value"] == calm.number("accuracy")["value"]
