"""Which generation of an API a script was written for: Keras 3, Keras 2, TensorFlow 1, old scikit-learn."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trainyard.detect.events import Event, Log
from trainyard.detect.knowledge.keras_api import keras2_only, keras3_only, tensorflow1_only
from trainyard.detect.knowledge.names import canonical
from trainyard.detect.knowledge.words import words

_OPTIMIZER_WORDS = {"lr", "decay"}
_KERAS2_FIT_WORDS = {"workers", "use_multiprocessing", "max_queue_size"}
_KERAS1_WORDS = words(
    """
    nb_epoch nb_filter nb_row nb_col border_mode subsample samples_per_epoch nb_val_samples init
    W_regularizer dim_ordering input_length_ output_dim_ b_regularizer inner_init dropout_W dropout_U
    """
)
_REMOVED_METHODS = {"fit_generator", "evaluate_generator", "predict_generator", "predict_classes"}
_OLD_SKLEARN = tuple(
    words(
        """
    sklearn.cross_validation sklearn.grid_search sklearn.externals.joblib sklearn.externals.six sklearn.lda
    sklearn.qda sklearn.preprocessing.Imputer sklearn.datasets.load_boston sklearn.learning_curve
    sklearn.metrics.plot_confusion_matrix sklearn.datasets.fetch_mldata sklearn.metrics.plot_roc_curve
    sklearn.ensemble.partial_dependence sklearn.decomposition.RandomizedPCA sklearn.hmm
    sklearn.utils.linear_assignment_ sklearn.neighbors.classification sklearn.ensemble.forest
    sklearn.datasets.samples_generator
    """
    )
)
_OLD_OTHERS = {
    "scipy.misc.imread": "scipy dropped scipy.misc.imread in 1.2",
    "scipy.misc.imresize": "scipy dropped scipy.misc.imresize in 1.3",
    "scipy.misc.imsave": "scipy dropped scipy.misc.imsave in 1.2",
    "pandas.Panel": "pandas dropped Panel in 1.0",
    "pandas.rolling_mean": "pandas dropped rolling_mean in 0.23",
    "statsmodels.tsa.arima_model.ARIMA": "statsmodels dropped tsa.arima_model.ARIMA in 0.13",
    "statsmodels.tsa.arima_model.ARMA": "statsmodels dropped tsa.arima_model.ARMA in 0.13",
    "numpy.float": "numpy dropped numpy.float in 1.24",
    "numpy.int": "numpy dropped numpy.int in 1.24",
    "numpy.bool": "numpy dropped numpy.bool in 1.24",
}


@dataclass
class Generation:
    """The API's generation and where that shows."""

    api: str | None
    reasons: list[Event]
    old: list[Event]
    """Removed names of other libraries: hazards."""


def generation(log: Log, framework: str, trainings: list[Event]) -> Generation:
    """Judges the names, keyword arguments and methods that the script reaches."""
    old = _old_names(log)
    if framework == "sklearn":
        mine = [e for e in old if e.detail.startswith("sklearn")]
        return Generation("sklearn-old" if mine else None, mine[:2], old)
    if framework != "tensorflow-keras":
        return Generation(None, [], old)
    firsts = _tensorflow1(log)
    if firsts and not any(_trains_by_keras(e) for e in trainings):
        compat = all(e.detail == "compat" for e in firsts)
        return Generation("tf1-compat" if compat else "tf1", firsts[:3], old)
    seconds = _keras2(log)
    seconds += [e for e in firsts if e.detail != "compat"]
    return Generation("keras2" if seconds else "keras3", seconds[:3], old)


def _trains_by_keras(event: Event) -> bool:
    if event.kind == "weak":
        return True
    if event.detail in ("session", "tape"):
        return event.detail == "tape"
    return not event.name.startswith(("tflearn", "tensorflow.contrib"))


def _tensorflow1(log: Log) -> list[Event]:
    found: list[Event] = []
    for raw, (file, line) in _names(log):
        plain = raw.removeprefix("tensorflow.compat.v1.")
        compat = plain != raw
        name = plain if not compat else f"tensorflow.{plain}"
        if compat or tensorflow1_only(name) or raw.startswith(("tflearn.", "tensorflow.contrib")):
            if compat and not tensorflow1_only(name):
                continue
            detail = "compat" if compat else "tf1"
            found.append(Event("api", file, line, f"{raw} is TensorFlow 1.", detail=detail))
    return found


def _keras2(log: Log) -> list[Event]:
    found: list[Event] = log.of("file-name")

    def say(file: str, line: int, sentence: str) -> None:
        found.append(Event("api", file, line, sentence, detail="keras2"))

    guarded = {n for n, (_, _, only_fallback) in log.imports.items() if only_fallback}
    for raw, (file, line) in _names(log):
        if raw in guarded or raw.rpartition(".")[0] in guarded:
            continue
        if keras2_only(raw):
            say(file, line, f"{raw} is not in Keras 3.")
    for (owner, word), (file, line) in log.words.items():
        name = owner.rpartition(".")[2]
        if word in _OPTIMIZER_WORDS and ("optimizers." in owner):
            say(file, line, f"{name}({word}=) is not in Keras 3.")
        elif word in _KERAS1_WORDS and owner.startswith("keras."):
            say(file, line, f"{name}({word}=) is from Keras 1.")
        elif name in _REMOVED_METHODS and not word and (owner.startswith(("keras.", ".")) or owner == name):
            say(file, line, f"{name} is not in Keras 3.")
        elif name == "fit" and word in (_KERAS2_FIT_WORDS | _KERAS1_WORDS):
            say(file, line, f"fit({word}=) is not in Keras 3.")
        elif word == "period" and name == "ModelCheckpoint":
            say(file, line, "ModelCheckpoint(period=) is not in Keras 3.")
        elif word == "batch_input_shape":
            say(file, line, "batch_input_shape is not in Keras 3.")
    if any(e for raw, _ in _names(log) if (e := keras3_only(raw))):
        return [e for e in found if "fit_generator" in e.sentence]
    return sorted(found, key=lambda e: (e.file, e.line))


def _names(log: Log) -> list[tuple[str, tuple[str, int]]]:
    """Every library name that was imported or called, as written."""
    out = [(n, (f, line)) for n, (f, line, _) in log.imports.items()]
    out += [(n, place) for n, place in log.used.items() if n not in log.imports]
    return out


def _old_names(log: Log) -> list[Event]:
    found: list[Event] = []
    for raw, (file, line) in _names(log):
        known = canonical(raw)
        if known.startswith(_OLD_SKLEARN):
            found.append(Event("old", file, line, f"{raw} is gone from scikit-learn.", detail="sklearn"))
        elif known in _OLD_OTHERS:
            found.append(Event("old", file, line, f"{_OLD_OTHERS[known]}.", detail="other"))
    return found


def keras_spelling(name: str) -> bool:
    """Whether a raw name is any spelling of Keras."""
    return re.match(r"(tensorflow\.)?(python\.)?keras\b", name) is not None
