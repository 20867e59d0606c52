"""Classification or regression: what losses, heads, estimators and metrics say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard.detect.events import Event
from trainyard.detect.knowledge.estimators import estimator
from trainyard.detect.knowledge.names import last, root
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import Const, Lib, Made, Map, Seq, Values

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

CLASSIFICATION, REGRESSION = "classification", "regression"
_LOSSES = {
    **dict.fromkeys(
        words(
            """
            crossentropyloss nllloss bceloss bcewithlogitsloss categoricalcrossentropy
            sparsecategoricalcrossentropy binarycrossentropy categoricalhinge hinge squaredhinge
            crossentropy bce multimarginloss multilabelmarginloss binaryfocalcrossentropy
            softmaxcrossentropywithlogits sigmoidcrossentropywithlogits sparsesoftmaxcrossentropywithlogits
            softmaxcrossentropy sparsesoftmaxcrossentropy sigmoidbinarycrossentropy
            softmaxcrossentropywithintegerlabels binarycrossentropywithlogits
            softmaxcrossentropywithlogitsv2 logloss bcewithlogits multiclassnll
            """
        ),
        CLASSIFICATION,
    ),
    **dict.fromkeys(
        words(
            """
            mseloss l1loss smoothl1loss huberloss mse mae mape msle rmse meansquarederror meanabsoluteerror
            meanabsolutepercentageerror meansquaredlogarithmicerror huber logcosh l2loss meansquare
            rootmeansquarederror absolutedifference meanpercentageerror quantileloss
            """
        ),
        REGRESSION,
    ),
}
_METRICS = {
    **dict.fromkeys(
        words(
            """
            accuracy_score classification_report confusion_matrix roc_auc_score f1_score precision_score
            recall_score log_loss roc_curve plot_confusion_matrix plot_roc_curve precision_recall_curve
            balanced_accuracy_score cohen_kappa_score matthews_corrcoef
            """
        ),
        CLASSIFICATION,
    ),
    **dict.fromkeys(
        words(
            """
            mean_squared_error mean_absolute_error r2_score mean_squared_log_error median_absolute_error
            explained_variance_score mean_absolute_percentage_error root_mean_squared_error max_error
            """
        ),
        REGRESSION,
    ),
}


def _plain(text: str) -> str:
    return text.lower().replace("_", "").replace(" ", "")


def _say(run: Run, line: int, task: str, sentence: str, weight: float) -> None:
    run.event(Event("task", run.source.path, line, sentence, detail=task, weight=weight))


def constructed(run: Run, known: str, args: list[Values], kwargs: dict[str, Values], line: int) -> None:
    """A loss, a metric or an estimator was made or called."""
    tail = last(known)
    top = root(known)
    if top in ("torch", "keras", "tensorflow", "optax", "torchmetrics") and (
        task := _LOSSES.get(_plain(tail))
    ):
        _say(run, line, task, f"{tail} is a {task} loss.", 3.0)
    elif top == "sklearn" and (task := _METRICS.get(tail)):
        _say(run, line, task, f"{tail} measures a {task}.", 1.0)
    else:
        est = estimator(known)
        if est is not None and est.task and est.weight >= 0.5:
            _say(run, line, est.task, f"{tail} does {est.task}.", 2.0)
    if tail in ("softmax", "log_softmax", "Softmax", "LogSoftmax") and top in (
        "torch",
        "tensorflow",
        "keras",
        "jax",
    ):
        _say(run, line, CLASSIFICATION, "a softmax head classifies.", 0.5)


def compiled(run: Run, args: list[Values], kwargs: dict[str, Values], line: int) -> None:
    """`compile(optimizer, loss, metrics)`."""
    losses = kwargs.get("loss") or (args[1] if len(args) > 1 else ())
    for text in _words(losses):
        task = _LOSSES.get(_plain(text))
        if task:
            _say(run, line, task, f"the loss {text} is one of {task}.", 3.0)
    for text in _words(kwargs.get("metrics", ())):
        plain = _plain(text)
        if plain in (
            "accuracy",
            "acc",
            "auc",
            "categoricalaccuracy",
            "binaryaccuracy",
            "sparsecategoricalaccuracy",
        ):
            _say(run, line, CLASSIFICATION, f"the metric {text} is one of classification.", 1.0)
        elif _LOSSES.get(plain) == REGRESSION:
            _say(run, line, REGRESSION, f"the metric {text} is one of regression.", 1.0)


def parameters(run: Run, groups: tuple[Values, ...], line: int) -> None:
    """Boosters state their objective in a dict or an argument."""
    for values in groups:
        for text in _words(values):
            if text.startswith(("binary", "multi:", "multiclass", "rank:")) or text in (
                "Logloss",
                "MultiClass",
                "CrossEntropy",
            ):
                _say(run, line, CLASSIFICATION, f"the objective {text} classifies.", 3.0)
            elif text.startswith(("reg:", "regression")) or text in (
                "RMSE",
                "MAE",
                "rmse",
                "mae",
                "l2",
                "poisson",
            ):
                if text == "reg:logistic":
                    continue
                _say(run, line, REGRESSION, f"the objective {text} is one of regression.", 3.0)


def _words(values: Values, depth: int = 0) -> list[str]:
    out: list[str] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, str):
            out.append(value.value)
        elif isinstance(value, Lib):
            out.append(last(value.name))
        elif isinstance(value, Made):
            out.append(last(value.maker))
        elif isinstance(value, Seq) and depth < 3:
            for item in value.items:
                out += _words(item, depth + 1)
        elif isinstance(value, Map) and depth < 3:
            for item in value.items.values():
                out += _words(item, depth + 1)
    return out[:40]
