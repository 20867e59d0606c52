"""The shapes of scripts that the harness is tested with, and what it must find in each.

docs/reference/harness-shapes.md is made from this table (`python tests/harness/shapes.py`), so that it says
what the tests say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "scripts"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "harness-shapes.md"


@dataclass(frozen=True)
class Shape:
    """One script and the number that the gate must get from it.

    Attributes:
        script: the file in `scripts/`.
        image: the image whose interpreter runs it.
        about: its shape, in words.
        split, origin: of the number that the gate reads.
        metric: its name.
        between: the values it may have.
        by: who held the data out; empty where the number is the script's own, of rows that are not known.
        job: fields of job.json.
        note: what the notes must say.
    """

    script: str
    image: str
    about: str
    split: str
    origin: str
    metric: str = "accuracy"
    between: tuple[float, float] = (0.5, 1.0)
    by: str = "script"
    again: bool = False
    """Whether the saved model is measured again in a process of its own."""
    job: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    framework: str = ""
    """The framework whose row of the matrix it is in: those run in the real images."""


FOUR = ("prints nothing", "prints training accuracy only", "own test set", "accuracy file in percent")


def four(
    framework: str, image: str, prefix: str, own: tuple[str, str], percent: tuple[str, str]
) -> list[Shape]:
    """A framework's row of the matrix: the four kinds of scripts that every framework is tried with.

    `own` and `percent` are the split and origin of the number where the script has rows of its own.
    """
    held_out = ("held-out", "harness")
    names = ("prints_nothing", "training_accuracy_only", "own_test_set", "percent_file")
    return [
        Shape(
            f"{prefix}_{name}.py", image, f"{framework}: {about}", split, origin, framework=framework,
            by="harness" if origin == "harness" else "script",
        )
        for name, about, (split, origin) in zip(names, FOUR, (held_out, held_out, own, percent), strict=True)
    ]  # fmt: skip


MATRIX = [
    *four("Keras", "keras", "k", ("test", "evaluate"), ("test", "evaluate")),
    *four("Keras 2", "keras2", "k", ("test", "evaluate"), ("test", "evaluate")),
    *four("scikit-learn", "sklearn", "s", ("test", "score"), ("test", "sklearn.metrics")),
    *four("XGBoost", "boosting", "b_xgb", ("test", "predict"), ("test", "score")),
    *four("LightGBM", "boosting", "b_lgb", ("test", "sklearn.metrics"), ("test", "sklearn.metrics")),
    *four("CatBoost", "boosting", "b_cat", ("test", "score"), ("test", "predict")),
    *four("PyTorch", "pytorch", "t", ("test", "DataLoader"), ("test", "predict")),
    *four("Lightning", "pytorch", "l", ("test", "Trainer.test"), ("validation", "val_dataloaders")),
]

KERAS = [
    Shape(
        "k_validation_split_only.py",
        "keras",
        "validation_split alone",
        "validation",
        "validation_split",
        again=True,
    ),
    Shape(
        "k_validation_is_test.py", "keras", "test set passed as validation data too", "validation", "evaluate"
    ),
    Shape("k_predict_by_hand.py", "keras", "compares predictions by hand", "test", "predict"),
    Shape("k_sklearn_report.py", "keras", "measured by sklearn.metrics", "test", "sklearn.metrics"),
    Shape("k_regression.py", "keras", "regression", "test", "evaluate", metric="r2", between=(0.3, 1.0)),
    Shape(
        "k_tf_data.py", "keras", "tf.data with a test dataset, from logits", "test", "evaluate", again=True
    ),
    Shape("k_tf_data_alone.py", "keras", "tf.data without one", "held-out", "harness", by="harness"),
    Shape("k_generator.py", "keras", "endless generator", "held-out", "harness", by="harness"),
    Shape(
        "k_flow_from_directory.py",
        "keras",
        "flow_from_directory, augmented, without validation",
        "held-out",
        "harness",
        by="harness",
        note="16 of its 80 images",
        between=(0.3, 1.0),
    ),
    Shape("k_sequence.py", "keras", "PyDataset with validation", "validation", "validation_data"),
    Shape("k_subclassed.py", "keras", "subclassed model", "test", "evaluate", again=True),
    Shape("k_subclassed.py", "keras2", "subclassed model", "test", "evaluate", again=True),
    Shape("k_from_json.py", "keras", "model_from_json, weights loaded again", "test", "evaluate"),
    Shape(
        "k_custom_loss_and_callback.py", "keras", "custom loss and callback", "test", "evaluate", again=True
    ),
    Shape("k_several_fits.py", "keras", "two fits: train and fine-tune", "test", "evaluate"),
    Shape(
        "k_fold.py",
        "keras",
        "k-fold loop",
        "test",
        "evaluate",
        note="all 3 folds together, 450 rows",
        again=True,
    ),
    Shape(
        "k_asks_and_plots.py",
        "keras",
        "input(), argv, TkAgg window",
        "validation",
        "validation_data",
        job={"answers": ["9"], "argv": ["24"]},
    ),
    Shape("k_two_inputs.py", "keras", "two inputs", "test", "evaluate", again=True),
    Shape("k_lstm_text.py", "keras", "embedding and LSTM", "test", "evaluate", between=(0.3, 1.0)),
    Shape(
        "k_windows.py",
        "keras",
        "unshuffled windows of a time series",
        "held-out",
        "harness",
        metric="r2",
        by="harness",
        note="the last ones",
    ),
    Shape(
        "k_timeseries_generator.py",
        "keras",
        "TimeseriesGenerator",
        "held-out",
        "harness",
        metric="r2",
        by="harness",
        note="its last 110 windows",
    ),
    Shape(
        "k_train_on_batch.py",
        "keras",
        "train_on_batch, measured on the training rows",
        "held-out",
        "harness",
        by="harness",
    ),
    Shape(
        "k_two_outputs.py",
        "keras",
        "two outputs: the script's own numbers",
        "test",
        "evaluate",
        metric="which_accuracy",
        by="",
        between=(0.2, 1.0),
    ),
]

SKLEARN = [
    Shape("s_split_never_measured.py", "sklearn", "splits and never measures", "test", "train_test_split"),
    Shape(
        "s_pipeline.py",
        "sklearn",
        "pipeline and classification_report",
        "test",
        "sklearn.metrics",
        again=True,
    ),
    Shape("s_grid_search.py", "sklearn", "GridSearchCV", "test", "score"),
    Shape(
        "s_cross_validation.py",
        "sklearn",
        "cross_val_score, then fit on all",
        "held-out",
        "harness",
        by="harness",
    ),
    Shape(
        "s_several_models.py",
        "sklearn",
        "several models in a loop",
        "test",
        "sklearn.metrics",
        note="3 models",
    ),
    Shape(
        "s_regression.py", "sklearn", "regression", "test", "sklearn.metrics", metric="r2", between=(0.2, 0.9)
    ),
    Shape(
        "s_text_labels.py",
        "sklearn",
        "text, sparse rows, text labels",
        "test",
        "train_test_split",
        again=True,
    ),
    Shape(
        "s_fold.py",
        "sklearn",
        "k-fold loop with one estimator and a scaler",
        "test",
        "sklearn.metrics",
        between=(0.95, 1.0),
        note="all 5 folds together, 569 rows",
        again=True,
    ),
    Shape("s_partial_fit.py", "sklearn", "partial_fit loop", "test", "score"),
    Shape(
        "s_class_and_error_rate.py", "sklearn", "methods of a class, error rate", "test", "sklearn.metrics"
    ),
    Shape(
        "s_cross_validation_only.py",
        "sklearn",
        "cross_val_score and no model",
        "validation",
        "cross_val_score",
        by="",
    ),
    Shape(
        "s_csv_in_a_class.py",
        "sklearn",
        "class-based, CSV, training and test accuracy in percent",
        "test",
        "sklearn.metrics",
        again=True,
    ),
    Shape("s_notebook.ipynb", "sklearn", "notebook", "test", "score"),
]

BOOSTING = [
    Shape(
        "b_lgb_train_watching.py",
        "boosting",
        "lgb.train with a validation set",
        "validation",
        "valid_sets",
        metric="r2",
        between=(0.1, 0.9),
        again=True,
    ),
    Shape("b_catboost_eval_set.py", "boosting", "CatBoost with eval_set", "validation", "score"),
    Shape("b_xgb_watchlist.py", "boosting", "xgb.train, all by position", "validation", "evals"),
    Shape("b_cat_pool.py", "boosting", "CatBoost, a Pool by position", "held-out", "harness", by="harness"),
]


TORCH = [
    Shape(
        "t_minibatches_of_tensors.py",
        "pytorch",
        "mini-batches of whole tensors, no eval()",
        "test",
        "predict",
    ),
    Shape(
        "t_training_rows_called_test.py",
        "pytorch",
        "training rows in a second loader, called a test",
        "held-out",
        "harness",
        by="harness",
        note="80 of the 400 rows",
    ),
    Shape(
        "t_whole_tensors.py",
        "pytorch",
        "whole tensors without a test set",
        "held-out",
        "harness",
        by="harness",
        note="30 of the 150 rows of X",
    ),
    Shape(
        "t_shuffled_minibatches.py",
        "pytorch",
        "mini-batches by shuffled number, measured on all rows",
        "held-out",
        "harness",
        by="harness",
        note="100 of the 500 rows of X",
    ),
]

SHAPES = [*KERAS, *SKLEARN, *BOOSTING, *TORCH]
PREFIXES = {
    "k_": ("Keras", "keras"), "s_": ("scikit-learn", ""), "b_xgb_": ("XGBoost", "xgboost"),
    "b_lgb_": ("LightGBM", "lightgbm"), "b_cat": ("CatBoost", "catboost"), "t_": ("PyTorch", ""),
    "l_": ("Lightning", "lightning"),
}  # fmt: skip
"""The frameworks by their scripts' names, and their case in `test_resume_moments`."""
OTHERWISE = {
    "scikit-learn": "starts over; fits are deterministic with the seed",
    "PyTorch": "from the last epoch of a DataLoader's; loops over tensors start over",
}


def page() -> str:
    """The table as a Markdown page."""
    lines = [
        "# Shapes of scripts that are tested",
        "",
        "Made from `tests/harness/shapes.py`; each row is a script that runs unmodified in CI. *Split* and",
        "*origin* are those of the number that the gate reads; see [metrics](metrics.md) for the rule.",
        "",
        "| image | script | number | split | origin | held out by |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.image} | {one.about} | {one.metric} | {one.split} | {one.origin} | {one.by} |"
        for one in [*MATRIX, *SHAPES]
    ]
    return "\n".join([*lines, "", *frameworks()]) + "\n"


def frameworks() -> list[str]:
    """What is captured and resumed for each framework, by the scripts and the trainings that are killed."""
    from tests.harness.test_resume_moments import CASES, MOMENTS

    lines = [
        "## What is captured and resumed",
        "",
        "*Captured* are the origins of the numbers in the scripts above. *Resumed* is what",
        f"`tests/harness/test_resume_moments.py` holds to at {MOMENTS} moments of SIGKILL, and what it",
        "allows to be trained again.",
        "",
        "| framework | captured | resumed |",
        "|---|---|---|",
    ]
    for prefix, (name, case) in PREFIXES.items():
        origins = sorted({one.origin for one in [*MATRIX, *SHAPES] if one.script.startswith(prefix)})
        resumed = OTHERWISE.get(name) or f"in the same weights and numbers; again: {CASES[case].again}"
        lines.append(f"| {name} | {', '.join(origins)} | {resumed} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page())
