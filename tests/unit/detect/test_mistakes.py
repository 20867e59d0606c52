"""An output layer and a loss that don't go together are named from the code alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.detect import detect

HEAD = """\
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
"""
LISTED = HEAD + "m = keras.Sequential([layers.Dense(8), {layer}])\nm.compile('adam', {loss})\nm.fit(x, y)\n"
ADDED = (
    HEAD + "n = 1\nm = keras.Sequential()\nm.add(layers.Dense(8))\nm.add(layers.Dense(n))\n"
    "m.add(layers.Activation('sigmoid'))\nm.compile(optimizer='adam', loss={loss})\nm.fit(x, y)\n"
)
BUILT = HEAD + (
    "def build():\n    i = keras.Input((3,))\n    o = {layer}(layers.Dense(4)(i))\n"
    "    m = keras.Model(i, o)\n"
    "    m.compile('adam', {loss})\n    return m\nbuild().fit(x, y)\n"
)
SPARSE = "tf.keras.losses.SparseCategoricalCrossentropy"


def said(folder: Path, text: str) -> list[str]:
    (folder / "train.py").write_text(text)
    return [one.sentence for one in detect(folder).hazards if one.kind == "mistake"]


@pytest.mark.parametrize(
    ("text", "layer", "loss", "reason"),
    [
        (LISTED, "layers.Dense(1, activation='softmax')", "'binary_crossentropy'", "always answers 1"),
        (ADDED, "", "'sparse_categorical_crossentropy'", "one unit per class"),
        (BUILT, "layers.Dense(10, 'relu')", "keras.losses.CategoricalCrossentropy()", "no probabilities"),
        (LISTED, "layers.Dense(10)", "'sparse_categorical_crossentropy'", "takes probabilities"),
        (BUILT, "layers.Dense(10, tf.nn.softmax)", f"{SPARSE}(from_logits=True)", "applied twice"),
        (LISTED, "layers.Dense(10, activation=tf.nn.sigmoid)", f"{SPARSE}()", "Use softmax"),
        (LISTED, "layers.Dense(1)", "'mse', metrics=['accuracy']", "accuracy says nothing"),
    ],
)
def test_what_can_not_learn_is_named(tmp_path: Path, text: str, layer: str, loss: str, reason: str) -> None:
    (sentence,) = said(tmp_path, text.format(layer=layer, loss=loss))
    assert reason in sentence


@pytest.mark.parametrize(
    ("layer", "loss"),
    [
        ("layers.Dense(10)", f"{SPARSE}(from_logits=True)"),
        ("layers.Dense(10)", f"{SPARSE}(from_logits=maybe)"),
        ("layers.Dense(1)", "'mse', metrics=['mae']"),
        ("layers.Dense(1, activation='sigmoid')", "'binary_crossentropy', metrics=['acc']"),
        ("layers.Dense(n_classes, activation=choose())", "'categorical_crossentropy'"),
        ("layers.Dense(5, activation='sigmoid')", "'binary_crossentropy'"),
        ("layers.Dense(3)", "own_loss"),
        ("layers.LSTM(1)", "'sparse_categorical_crossentropy'"),
    ],
)
def test_what_may_be_right_is_left_alone(tmp_path: Path, layer: str, loss: str) -> None:
    assert not said(tmp_path, LISTED.format(layer=layer, loss=loss))
