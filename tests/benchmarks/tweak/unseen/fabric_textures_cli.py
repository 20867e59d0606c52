#!/usr/bin/env python
"""Classify fabric textures (weave direction / type).

usage: fabric_textures_cli.py [--n 1600] [--epochs 25]
"""
import argparse
import os

import numpy as np
import keras
from keras import layers
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))


def make_texture(k, rng, size=16):
    yy, xx = np.mgrid[:size, :size]
    phase = rng.uniform(0, 2 * np.pi)
    freq = rng.uniform(0.9, 1.3)
    if k == 0:      # horizontal
        t = np.sin(freq * yy + phase)
    elif k == 1:    # vertical
        t = np.sin(freq * xx + phase)
    elif k == 2:    # twill right
        t = np.sin(freq * (xx + yy) * 0.75 + phase)
    elif k == 3:    # twill left
        t = np.sin(freq * (xx - yy) * 0.75 + phase)
    else:           # check
        t = np.sin(freq * xx + phase) * np.sin(freq * yy + rng.uniform(0, 2 * np.pi)) * 1.4
    return 0.5 + 0.35 * t + rng.normal(0, 0.2, t.shape)


def load(n):
    rng = np.random.default_rng(SEED)
    y = rng.integers(0, 5, n)
    X = np.stack([make_texture(k, rng) for k in y]).astype("float32")
    return train_test_split(X[..., None], y, test_size=0.25, random_state=SEED)


def build_model(shape, n_classes):
    model = keras.Sequential(name="textures")
    model.add(keras.Input(shape=shape))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--n", type=int, default=1600)
    ap.add_argument("--epochs", type=int, default=25)
    ap.add_argument("--batch-size", type=int, default=32)
    ap.add_argument("--lr", type=float, default=0.001)
    args = ap.parse_args()

    keras.utils.set_random_seed(SEED)
    x_train, x_test, y_train, y_test = load(args.n)
    model = build_model(x_train.shape[1:], 5)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=args.lr),
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=args.epochs, batch_size=args.batch_size, verbose=0)
    loss, acc = model.evaluate(x_test, y_test, verbose=0)
    print("test: loss=%.4f acc=%.4f" % (loss, acc))


if __name__ == "__main__":
    main()
