"""The numbers themselves, from predictions and truths, with numpy alone."""

from __future__ import annotations

import math
import re
from typing import Any

LOWER_IS_BETTER = ("loss", "error", "mae", "mse", "rmse", "mape", "hinge", "perplexity", "deviance", "wer")


def direction(name: str) -> str:
    """`min` for what should be small (losses and errors), `max` for the rest."""
    low = name.lower()
    if low.startswith("neg_"):
        return "max"
    if any(word in low for word in LOWER_IS_BETTER) or low.endswith(("_crossentropy", "_divergence")):
        return "min"
    return "max"


_SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}
_SYNONYMS = {
    "accuracy": "acc accuracyscore binaryaccuracy multiclassaccuracy categoricalaccuracy top1 acc1 accuracy1",
    "f1": "f1score binaryf1score multiclassf1score",
    "auc": "auroc rocauc aucscore binaryauroc multiclassauroc rocaucscore",
    "r2": "r2score rsquared",
    "mse": "meansquarederror",
    "mae": "meanabsoluteerror",
    "rmse": "rootmeansquarederror",
    "error rate": "errorrate errrate classificationerror",
}
_PLAIN = {word: name for name, words in _SYNONYMS.items() for word in [name, *words.split()]}


def plain_metric(name: str, value: float) -> tuple[str, float, str]:
    """What a script calls a metric (`val/MulticlassAccuracy`, `test_acc_epoch`), in one form.

    Returns:
        The plain name, the value (a fraction where percent was meant), and the split that the name tells or
        `unknown`.
    """
    words = re.split(r"[^a-z0-9]+", re.sub(r"/dataloader_idx_\d+$", "", name.lower()))
    split = next((_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS), "unknown")
    bare = [word for word in words if word not in _SPLIT_WORDS and word not in {"epoch", "step"}]
    called = _PLAIN.get("".join(bare), "_".join(bare) or name)
    if called in {"accuracy", "f1", "auc", "error rate"} and 1 < value <= 100:
        value /= 100
    return ("accuracy", 1 - value, split) if called == "error rate" else (called, value, split)


def wilson(hits: float, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson 1927, JASA 22:209)."""
    if n <= 0:
        return (0.0, 1.0)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (max(0.0, middle - half), min(1.0, middle + half))


def labels_of(scores: Any, kind: str) -> Any:
    """Predicted labels from a model's output.

    Args:
        scores: `(n, ...)` outputs.
        kind: `labels` (they are labels already), `argmax` (over the last axis), `threshold` (probability of
            the one positive class, 0.5) or `logit` (the same before the sigmoid).
    """
    import numpy as np

    scores = np.asarray(scores)
    if kind == "argmax":
        return scores.argmax(axis=-1)
    if kind in {"threshold", "logit"}:
        positive = scores > (0.5 if kind == "threshold" else 0.0)
        return positive.astype("int64")
    return scores


def correctness(truth: Any, predicted: Any) -> Any:
    """The share of each sample that is right, as `(n,)` floats: 0 or 1 for one label a sample."""
    import numpy as np

    truth, predicted = np.asarray(truth), np.asarray(predicted)
    truth = truth.reshape(predicted.shape) if truth.size == predicted.size else truth
    right = (truth == predicted).astype("float64")
    return right.reshape(len(right), -1).mean(axis=1) if len(right) else right.reshape(-1)


def classification(truth: Any, predicted: Any, scores: Any = None) -> dict[str, float]:
    """accuracy, f1 (of class 1 for two classes, else macro) and auc where `scores` allow one.

    Args:
        truth: `(n, ...)` labels.
        predicted: labels of the same shape.
        scores: `(n,)`/`(n, 1)` scores of the positive class or `(n, classes)`; None leaves auc out.
    """
    import numpy as np

    hits = correctness(truth, predicted)
    found = {"accuracy": float(hits.mean())}
    truth, predicted = np.asarray(truth).reshape(-1), np.asarray(predicted).reshape(-1)
    if truth.size != predicted.size:
        return found
    classes = np.unique(np.concatenate([truth, predicted]))
    if len(classes) > 1000:
        return found
    binary = len(classes) <= 2
    wanted = classes[-1:] if binary else classes
    found["f1"] = float(np.mean([_f1(truth == one, predicted == one) for one in wanted]))
    area = _area(truth, scores, classes) if scores is not None else None
    if area is not None:
        found["auc"] = area
    return found


def _f1(truth: Any, predicted: Any) -> float:
    both = float((truth & predicted).sum())
    total = float(truth.sum() + predicted.sum())
    return 2 * both / total if total else 0.0


def _area(truth: Any, scores: Any, classes: Any) -> float | None:
    """Area under the ROC curve by ranks (Mann-Whitney); the mean of one-against-rest for several classes."""
    import numpy as np

    scores = np.asarray(scores, dtype="float64")
    if scores.ndim > 2 or len(scores) != len(truth):
        return None
    if scores.ndim == 1 or scores.shape[1] == 1:
        return _ranked(truth == classes[-1], scores.reshape(-1)) if len(classes) == 2 else None
    if scores.shape[1] != len(classes):
        return None
    if len(classes) == 2:
        return _ranked(truth == classes[1], scores[:, 1])
    areas = [_ranked(truth == one, scores[:, column]) for column, one in enumerate(classes)]
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if known else None


def _ranked(positive: Any, score: Any) -> float | None:
    import numpy as np

    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros or not np.isfinite(score).all():
        return None
    _values, where, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def regression(truth: Any, predicted: Any) -> dict[str, float]:
    """r2 (uniform mean over outputs), mae, mse and rmse."""
    import numpy as np

    truth = np.asarray(truth, dtype="float64").reshape(len(truth), -1)
    predicted = np.asarray(predicted, dtype="float64").reshape(len(predicted), -1)
    if truth.shape != predicted.shape:
        return {}
    wrong = truth - predicted
    mse = float((wrong**2).mean())
    found = {"mae": float(np.abs(wrong).mean()), "mse": mse, "rmse": math.sqrt(mse)}
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    if len(truth) > 1 and (spread > 0).all():
        found["r2"] = float((1 - (wrong**2).sum(axis=0) / spread).mean())
    return {name: value for name, value in found.items() if math.isfinite(value)}
