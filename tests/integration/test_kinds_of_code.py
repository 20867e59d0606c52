"""Kinds of code that no framework's image is named after train unmodified, in a container."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Yard

NUMPY = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(600, 4))
y = (X @ np.array([2.0, -1.0, 0.5, 1.5]) > 0).astype(float)
X_train, X_test, y_train, y_test = X[:450], X[450:], y[:450], y[450:]
w = np.zeros(4)
for epoch in range(200):
    p = 1 / (1 + np.exp(-X_train @ w))
    w -= 0.5 * X_train.T @ (p - y_train) / len(y_train)
accuracy = ((1 / (1 + np.exp(-X_test @ w)) > 0.5) == y_test).mean()
print("Test accuracy:", accuracy)
"""

CELLS = [
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nfrom sklearn.datasets import load_iris",
    "from sklearn.model_selection import train_test_split\nfrom sklearn.svm import SVC\n"
    "X, y = load_iris(return_X_y=True)\n"
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=2)",
    "model = SVC()\nmodel.fit(X_train, y_train)\nmodel.score(X_test, y_test)",
]


@pytest.mark.docker
@pytest.mark.parametrize(
    ("files", "framework"),
    [
        ({"net.py": NUMPY}, "numpy"),
        (
            {
                "iris.ipynb": json.dumps(
                    {
                        "nbformat": 4,
                        "nbformat_minor": 5,
                        "metadata": {},
                        "cells": [
                            {
                                "cell_type": "code",
                                "metadata": {},
                                "execution_count": None,
                                "outputs": [],
                                "source": cell.replace("\\\n", "\n"),
                            }
                            for cell in CELLS
                        ],
                    }
                )
            },
            "sklearn",
        ),
    ],
    ids=["numpy by hand", "notebook only"],
)
def test_it_is_detected_trained_and_gated_on_test_data(
    make_yard: Callable[..., Yard], folder: Callable[..., Path], files: dict[str, str], framework: str
) -> None:
    yard = make_yard("docker")
    case = folder("case", files)
    assert yard("detect", case, "--json").json["framework"] == framework
    answer = yard("run", case, "--json")
    verdict = answer.json
    assert verdict["outcome"] == "promoted", answer.err
    assert verdict["metric"]["split"] == "test"
    assert verdict["retrains"] == 0
