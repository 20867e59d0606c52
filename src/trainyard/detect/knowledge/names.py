"""One spelling for each library name, and which framework a name belongs to."""

from __future__ import annotations

from functools import lru_cache

# Longest first within a family: the first prefix that matches is replaced.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("tensorflow.python.keras.", "keras."),
    ("tensorflow.contrib.keras.api.keras.", "keras."),
    ("tensorflow.contrib.keras.python.keras.", "keras."),
    ("tensorflow.contrib.keras.", "keras."),
    ("tensorflow.compat.v1.keras.", "keras."),
    ("tensorflow.compat.v2.keras.", "keras."),
    ("tensorflow.compat.v1.", "tensorflow."),
    ("tensorflow.compat.v2.", "tensorflow."),
    ("tensorflow.keras.", "keras."),
    ("tensorflow.python.", "tensorflow."),
    ("tf_keras.", "keras."),
    ("keras.api._v2.keras.", "keras."),
    ("keras.src.", "keras."),
    ("tensorflow.losses.", "keras.losses."),
    ("pytorch_lightning.", "lightning."),
    ("lightning.pytorch.", "lightning."),
    ("lightning_fabric.", "lightning.fabric."),
    ("flax.linen.", "flax.nn."),
    ("jax.example_libraries.", "jax.experimental."),
    ("sklearnex.", "sklearn."),
    ("cuml.", "sklearn."),
    ("imblearn.", "sklearn."),
)
_EXACT = {
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tensorflow.compat.v1": "tensorflow",
    "tensorflow.compat.v2": "tensorflow",
    "tf_keras": "keras",
    "pytorch_lightning": "lightning",
    "lightning.pytorch": "lightning",
}


@lru_cache(maxsize=8192)
def canonical(name: str) -> str:
    """`tensorflow.keras.X`, `tf_keras.X`, `keras.src.X` are all `keras.X`; likewise other double names."""
    if name in _EXACT:
        return _EXACT[name]
    for long, short in _SPELLINGS:
        if name.startswith(long):
            name = short + name[len(long) :]
            break
    return name


def root(name: str) -> str:
    """The top-level package of a dotted name."""
    return name.partition(".")[0]


def last(name: str) -> str:
    """The last part of a dotted name."""
    return name.rpartition(".")[2]


# Names that scripts use without a visible import (a lost cell, a star import): what everybody means by them.
CONVENTIONS: dict[str, str] = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "tf": "tensorflow",
    "keras": "keras",
    "torch": "torch",
    "nn": "torch.nn",
    "sklearn": "sklearn",
    "xgb": "xgboost",
    "lgb": "lightgbm",
    "sns": "seaborn",
    "Sequential": "keras.models.Sequential",
    "RandomForestClassifier": "sklearn.ensemble.RandomForestClassifier",
    "RandomForestRegressor": "sklearn.ensemble.RandomForestRegressor",
    "LogisticRegression": "sklearn.linear_model.LogisticRegression",
    "LinearRegression": "sklearn.linear_model.LinearRegression",
    "DecisionTreeClassifier": "sklearn.tree.DecisionTreeClassifier",
    "GridSearchCV": "sklearn.model_selection.GridSearchCV",
    "KNeighborsClassifier": "sklearn.neighbors.KNeighborsClassifier",
    "SVC": "sklearn.svm.SVC",
    "XGBClassifier": "xgboost.XGBClassifier",
    "XGBRegressor": "xgboost.XGBRegressor",
    "LGBMClassifier": "lightgbm.LGBMClassifier",
    "LGBMRegressor": "lightgbm.LGBMRegressor",
    "CatBoostClassifier": "catboost.CatBoostClassifier",
}

# Trains, but with something that no image offers: the package and what to call it.
OTHER_TRAINERS: dict[str, str] = {
    "mxnet": "MXNet",
    "paddle": "PaddlePaddle",
    "chainer": "Chainer",
    "theano": "Theano",
    "lasagne": "Lasagne",
    "caffe": "Caffe",
    "caffe2": "Caffe2",
    "cntk": "CNTK",
    "pyspark": "Spark MLlib",
    "h2o": "H2O",
    "prophet": "Prophet",
    "fbprophet": "Prophet",
    "gensim": "gensim",
    "spacy": "spaCy",
    "surprise": "Surprise",
    "fasttext": "fastText",
    "nltk": "NLTK",
    "hmmlearn": "hmmlearn",
    "implicit": "implicit",
    "pymc3": "PyMC",
    "pymc": "PyMC",
    "lifelines": "lifelines",
    "mindspore": "MindSpore",
    "turicreate": "Turi Create",
    "mlx": "MLX",
    "neat": "NEAT",
}
