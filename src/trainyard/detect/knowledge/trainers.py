"""Things that train by other methods than an estimator's `fit`, or under another framework's label."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from trainyard.detect.knowledge.estimators import Estimator
from trainyard.detect.knowledge.names import last, root
from trainyard.detect.knowledge.words import words


class Special(NamedTuple):
    """What trains, by which methods (`__call__`: by being called), and the layer kind that it implies."""

    estimator: Estimator
    methods: frozenset[str]
    layer: str | None = None


def _of(
    framework: str, family: str, methods: str, task: str | None = None, layer: str | None = None
) -> Special:
    return Special(Estimator(framework, family, task), frozenset(methods.split()), layer)


_LIGHTNING = _of("lightning", "", "fit tune fit_loop")
_HUGGING = _of("transformers", "transformer", "train")
_FASTAI = "fit fit_one_cycle fine_tune fit_flat_cos fit_sgdr"
_ESTIMATORS = {
    "DNNClassifier": "mlp",
    "DNNRegressor": "mlp",
    "DNNLinearCombinedClassifier": "mlp",
    "DNNLinearCombinedRegressor": "mlp",
    "LinearClassifier": "classical",
    "LinearRegressor": "classical",
    "BoostedTreesClassifier": "boosting",
    "BoostedTreesRegressor": "boosting",
    "BaselineClassifier": "classical",
    "Estimator": "",
}
_AUTOKERAS = {
    "ImageClassifier": "cnn",
    "ImageRegressor": "cnn",
    "TextClassifier": "transformer",
    "StructuredDataClassifier": "mlp",
    "StructuredDataRegressor": "mlp",
    "AutoModel": "mlp",
}
_TFDF = {"RandomForestModel": "classical", "CartModel": "classical", "GradientBoostedTreesModel": "boosting"}


@lru_cache(maxsize=4096)
def special_trainer(name: str) -> Special | None:  # noqa: PLR0911, PLR0912 - a table of cases
    """What a thing constructed by calling `name` (canonical) trains, if it has its own way of training."""
    top, tail = root(name), last(name)
    if top == "lightning":
        if tail in ("Trainer", "from_argparse_args"):
            return _LIGHTNING
        if tail == "LightningCLI":
            return _of("lightning", "", "__call__")
    elif top in ("transformers", "trl", "setfit", "optimum", "adapters", "unsloth"):
        if tail.endswith("Trainer"):
            return _HUGGING
    elif top == "sentence_transformers":
        if tail in ("SentenceTransformer", "CrossEncoder"):
            return _of("transformers", "transformer", "fit", layer="language")
        if tail.endswith("Trainer"):
            return _HUGGING
    elif top == "simpletransformers":
        return (
            _of("transformers", "transformer", "train_model", layer="language")
            if tail.endswith("Model")
            else None
        )
    elif top == "ktrain":
        return _of("tensorflow-keras", "", "fit fit_onecycle autofit") if tail == "get_learner" else None
    elif top in ("fastai", "fastai2"):
        return _fastai(tail)
    elif top == "ultralytics":
        return (
            _of("pytorch", "transfer", "train tune", layer="pretrained")
            if tail in ("YOLO", "RTDETR")
            else None
        )
    elif top == "ignite":
        return _of("pytorch", "", "run") if tail in ("Engine", "create_supervised_trainer") else None
    elif top == "stable_baselines3":
        return _of("pytorch", "mlp", "learn")
    elif top in tuple(
        words(
            """
        tensorflow tflearn keras_tuner kerastuner autokeras talos tensorflow_decision_forests keras_cv larq
        """
        )
    ):
        return _tensorflow(name, top, tail)
    elif top == "pycaret":
        return None
    return None


def _fastai(tail: str) -> Special | None:
    if tail in ("vision_learner", "cnn_learner", "create_cnn", "unet_learner", "ConvLearner", "pretrained"):
        return _of("pytorch", "transfer", _FASTAI, "classification", "pretrained")
    if tail in ("tabular_learner", "collab_learner"):
        return _of("pytorch", "mlp", _FASTAI, None, "dense")
    if tail in ("text_classifier_learner", "language_model_learner"):
        return _of("pytorch", "rnn", _FASTAI, None, "rnn")
    return _of("pytorch", "", _FASTAI) if tail == "Learner" else None


def _tensorflow(name: str, top: str, tail: str) -> Special | None:  # noqa: PLR0911 - a table of cases
    if top == "tensorflow" and ("estimator." in name or ".learn." in name) and tail in _ESTIMATORS:
        family = _ESTIMATORS[tail]
        task = "regression" if "Regressor" in tail else "classification" if "Classifier" in tail else None
        return _of(
            "tensorflow-keras",
            family,
            "train fit train_and_evaluate",
            task,
            "dense" if family == "mlp" else None,
        )
    if top == "tflearn" and tail == "DNN":
        return _of("tensorflow-keras", "", "fit")
    if top in ("keras_tuner", "kerastuner") and tail[:1].isupper():
        return _of("tensorflow-keras", "", "search")
    if top == "autokeras":
        return _of("tensorflow-keras", _AUTOKERAS.get(tail, ""), "fit") if tail[:1].isupper() else None
    if top == "talos":
        return _of("tensorflow-keras", "", "__call__") if tail == "Scan" else None
    if top == "tensorflow_decision_forests" and tail in _TFDF:
        return _of("tensorflow-keras", _TFDF[tail], "fit")
    return None
