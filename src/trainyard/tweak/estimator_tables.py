"""What helps which estimator: rows to try in order, and the values that are worth looking at around them.

The rows follow the guidance of scikit-learn's user guide and of Probst, Boulesteix, Bischl 2019 (tunability).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One bold change: the parameters that the estimator has are set, others are left out."""

    why: str
    params: dict[str, Any]


_FREE = {
    "max_depth": None,
    "min_samples_leaf": 1,
    "min_samples_split": 2,
    "max_leaf_nodes": None,
    "min_impurity_decrease": 0.0,
    "min_weight_fraction_leaf": 0.0,
    "ccp_alpha": 0.0,
}
_FOREST = [
    Row("trees that may not grow can't tell much apart", {**_FREE, "n_estimators": 300, "max_samples": None}),
    Row("more features per split make stronger trees", {**_FREE, "n_estimators": 300, "max_features": 0.5}),
    Row("leaves of several samples average noise out", {**_FREE, "n_estimators": 400, "min_samples_leaf": 2}),
]
_TREE = [
    Row("a tree that may not grow can't tell much apart", {**_FREE, "max_features": None}),
    Row(
        "leaves of several samples average noise out", {**_FREE, "min_samples_leaf": 4, "max_features": None}
    ),
    Row("pruning removes branches that fit noise", {**_FREE, "ccp_alpha": 0.005}),
]
_BOOSTED = [
    Row(
        "more and smaller steps fit better",
        {"n_estimators": 400, "learning_rate": 0.1, "max_depth": 3, "subsample": 1.0, "min_samples_leaf": 1},
    ),
    Row(
        "deeper trees see how features act together",
        {"n_estimators": 400, "learning_rate": 0.05, "max_depth": 5, "subsample": 0.8},
    ),
    Row("shallow trees in many small steps", {"n_estimators": 800, "learning_rate": 0.05, "max_depth": 2}),
]
_HISTOGRAM = [
    Row(
        "more and smaller steps fit better",
        {
            "max_iter": 300,
            "learning_rate": 0.1,
            "max_depth": None,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 10,
            "l2_regularization": 0.0,
        },
    ),
    Row(
        "smaller steps", {"max_iter": 600, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 5}
    ),
]
_XGBOOST = [
    Row("more and smaller steps fit better", {"n_estimators": 400, "learning_rate": 0.1, "max_depth": 6}),
    Row(
        "sampling rows and columns keeps trees different",
        {
            "n_estimators": 600,
            "learning_rate": 0.05,
            "max_depth": 4,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
        },
    ),
]
_LIGHTGBM = [
    Row(
        "more and smaller steps, leaves small enough for the data",
        {
            "n_estimators": 400,
            "learning_rate": 0.1,
            "max_depth": -1,
            "num_leaves": 31,
            "min_child_samples": 5,
        },
    ),
    Row(
        "smaller steps",
        {"n_estimators": 800, "learning_rate": 0.05, "num_leaves": 15, "min_child_samples": 10},
    ),
]
_CATBOOST = [
    Row("more steps", {"iterations": 500, "learning_rate": 0.1, "depth": 6}),
    Row("deeper trees in smaller steps", {"iterations": 1000, "learning_rate": 0.05, "depth": 8}),
]
_NATIVE = {"n_estimators": "num_boost_round", "min_child_samples": "min_data_in_leaf"}
"""Parameters that the libraries' own interfaces call otherwise."""
ALIASES = {"iterations": ("n_estimators", "num_boost_round", "num_trees"), "learning_rate": ("eta",),
           "depth": ("max_depth",)}  # fmt: skip
"""What else CatBoost calls a parameter; of several names only one may be given."""


def _native(rows: list[Row]) -> list[Row]:
    return [Row(row.why, {_NATIVE.get(key, key): one for key, one in row.params.items()}) for row in rows]


_KERNEL = [
    Row("a wider kernel and a higher price of mistakes", {"kernel": "rbf", "C": 10.0, "gamma": "scale"}),
    Row("a higher price of mistakes", {"kernel": "rbf", "C": 100.0, "gamma": "scale"}),
    Row("a linear border", {"kernel": "linear", "C": 1.0}),
]
_NU = [Row("a wider kernel and fewer mistakes allowed", {"kernel": "rbf", "nu": 0.1, "gamma": "scale"})]
_NEIGHBOURS = [
    Row("near neighbours count more", {"n_neighbors": 5, "weights": "distance"}),
    Row("fewer neighbours follow the border more closely", {"n_neighbors": 3, "weights": "distance"}),
    Row("more neighbours average noise out", {"n_neighbors": 15, "weights": "distance"}),
    Row("city-block distance", {"n_neighbors": 7, "weights": "distance", "p": 1}),
]
_LOGISTIC = [
    Row("weaker regularisation, and enough steps to converge", {"C": 10.0, "max_iter": 2000}),
    Row("stronger regularisation", {"C": 0.1, "max_iter": 2000}),
    Row("hardly any regularisation", {"C": 1000.0, "max_iter": 5000}),
]
_LINEAR_SVM = [
    Row("a higher price of mistakes, and enough steps", {"C": 10.0, "max_iter": 20000}),
    Row("stronger regularisation", {"C": 0.1, "max_iter": 20000}),
]
_MLP = [
    Row(
        "a network wide enough, trained until it settles",
        {
            "hidden_layer_sizes": [128, 64],
            "max_iter": 500,
            "learning_rate_init": 0.002,
            "solver": "adam",
            "activation": "relu",
            "alpha": 0.001,
        },
    ),
    Row("stronger regularisation", {"hidden_layer_sizes": [128], "max_iter": 800, "alpha": 0.1}),
    Row("a wider network", {"hidden_layer_sizes": [256, 128], "max_iter": 800, "alpha": 0.01}),
]
_STOCHASTIC = [
    Row(
        "enough passes, and an average of the last weights",
        {"max_iter": 5000, "alpha": 1e-4, "average": True},
    ),
    Row("stronger regularisation", {"max_iter": 5000, "alpha": 1e-2, "average": True}),
]
_SHRUNK = [
    Row("weaker regularisation", {"alpha": 0.1, "max_iter": 20000}),
    Row("hardly any regularisation", {"alpha": 0.001, "max_iter": 50000}),
    Row("stronger regularisation", {"alpha": 10.0}),
]
_ADABOOST = [
    Row("more members", {"n_estimators": 300, "learning_rate": 1.0}),
    Row("more members in smaller steps", {"n_estimators": 600, "learning_rate": 0.3}),
]
_NEAR_ENOUGH = [
    Row("far enough to find neighbours", {"radius": radius, "weights": "distance"}) for radius in (2.0, 4.0)
]
_BAGS = [
    Row(
        "more members, each of which sees enough",
        {"n_estimators": 100, "max_samples": 1.0, "max_features": 1.0},
    )
]
_COUNTS = [Row("less smoothing", {"alpha": 0.1}), Row("hardly any smoothing", {"alpha": 0.01})]

TABLES: dict[str, list[Row]] = {
    "RandomForestClassifier": _FOREST,
    "RandomForestRegressor": _FOREST,
    "ExtraTreesClassifier": _FOREST,
    "ExtraTreesRegressor": _FOREST,
    "DecisionTreeClassifier": _TREE,
    "DecisionTreeRegressor": _TREE,
    "GradientBoostingClassifier": _BOOSTED,
    "GradientBoostingRegressor": _BOOSTED,
    "HistGradientBoostingClassifier": _HISTOGRAM,
    "HistGradientBoostingRegressor": _HISTOGRAM,
    "XGBClassifier": _XGBOOST,
    "XGBRegressor": _XGBOOST,
    "LGBMClassifier": _LIGHTGBM,
    "LGBMRegressor": _LIGHTGBM,
    "CatBoostClassifier": _CATBOOST,
    "CatBoostRegressor": _CATBOOST,
    "CatBoost": _CATBOOST,
    "xgboost.Booster": _native(_XGBOOST),
    "lightgbm.Booster": _native(_LIGHTGBM),
    "SVC": _KERNEL,
    "SVR": _KERNEL,
    "NuSVC": _NU,
    "NuSVR": _NU,
    "KNeighborsClassifier": _NEIGHBOURS,
    "KNeighborsRegressor": _NEIGHBOURS,
    "LogisticRegression": _LOGISTIC,
    "LinearSVC": _LINEAR_SVM,
    "LinearSVR": _LINEAR_SVM,
    "MLPClassifier": _MLP,
    "MLPRegressor": _MLP,
    "SGDClassifier": _STOCHASTIC,
    "SGDRegressor": _STOCHASTIC,
    "Perceptron": _STOCHASTIC,
    "Ridge": _SHRUNK,
    "RidgeClassifier": _SHRUNK,
    "Lasso": _SHRUNK,
    "ElasticNet": _SHRUNK,
    "AdaBoostClassifier": _ADABOOST,
    "AdaBoostRegressor": _ADABOOST,
    "BaggingClassifier": _BAGS,
    "BaggingRegressor": _BAGS,
    "GaussianProcessRegressor": [Row("noise is allowed for", {"alpha": 0.1, "normalize_y": True})],
    "RadiusNeighborsClassifier": _NEAR_ENOUGH,
    "RadiusNeighborsRegressor": _NEAR_ENOUGH,
    "KernelRidge": [Row("a kernel that bends", {"kernel": "rbf", "alpha": 0.1, "gamma": None})],
    "MultinomialNB": _COUNTS,
    "BernoulliNB": _COUNTS,
    "ComplementNB": _COUNTS,
    "QuadraticDiscriminantAnalysis": [
        Row("rounder clouds need fewer samples", {"reg_param": value}) for value in (0.1, 0.01, 0.5)
    ],
    "LinearDiscriminantAnalysis": [
        Row("as much shrinkage as the samples ask for", {"solver": "lsqr", "shrinkage": "auto"})
    ],
    "GaussianNB": [
        Row(f"{width} bells", {"var_smoothing": value})
        for width, value in (("narrower", 1e-9), ("wider", 1e-3), ("wider", 1e-1))
    ],
}

_TREES_NEAR: dict[str, list[Any]] = {
    "max_features": ["sqrt", 0.3, 0.5, 0.7, 1.0],
    "min_samples_leaf": [1, 2, 3, 5],
    "max_depth": [None, 8, 12, 20],
}
_FOREST_NEAR = {**_TREES_NEAR, "n_estimators": [300, 500, 800]}
_BOOSTED_NEAR: dict[str, list[Any]] = {
    "n_estimators": [200, 400, 800],
    "learning_rate": [0.03, 0.05, 0.1, 0.2],
    "max_depth": [2, 3, 4, 6],
    "subsample": [0.6, 0.8, 1.0],
}
_KERNEL_NEAR: dict[str, list[Any]] = {
    "C": [0.3, 1.0, 3.0, 10.0, 30.0, 100.0],
    "gamma": ["scale", 0.01, 0.03, 0.1],
}
_NEIGHBOURS_NEAR: dict[str, list[Any]] = {
    "n_neighbors": [1, 3, 5, 9, 15, 25],
    "weights": ["uniform", "distance"],
    "p": [1, 2],
}
_MLP_NEAR: dict[str, list[Any]] = {
    "hidden_layer_sizes": [[64], [128], [128, 64], [256], [256, 128]],
    "alpha": [1e-4, 1e-3, 1e-2, 0.1],
    "learning_rate_init": [5e-4, 1e-3, 2e-3, 5e-3],
}
_HISTOGRAM_NEAR: dict[str, list[Any]] = {
    "max_iter": [200, 400, 800],
    "learning_rate": [0.03, 0.05, 0.1, 0.2],
    "max_leaf_nodes": [7, 15, 31, 63],
    "min_samples_leaf": [3, 5, 10, 20],
}

NEAR: dict[str, dict[str, list[Any]]] = {
    "RandomForestClassifier": _FOREST_NEAR,
    "RandomForestRegressor": _FOREST_NEAR,
    "ExtraTreesClassifier": _FOREST_NEAR,
    "ExtraTreesRegressor": _FOREST_NEAR,
    "DecisionTreeClassifier": _TREES_NEAR,
    "DecisionTreeRegressor": _TREES_NEAR,
    "GradientBoostingClassifier": _BOOSTED_NEAR,
    "GradientBoostingRegressor": _BOOSTED_NEAR,
    "XGBClassifier": _BOOSTED_NEAR,
    "XGBRegressor": _BOOSTED_NEAR,
    "HistGradientBoostingClassifier": _HISTOGRAM_NEAR,
    "HistGradientBoostingRegressor": _HISTOGRAM_NEAR,
    "SVC": _KERNEL_NEAR,
    "SVR": _KERNEL_NEAR,
    "KNeighborsClassifier": _NEIGHBOURS_NEAR,
    "KNeighborsRegressor": _NEIGHBOURS_NEAR,
    "MLPClassifier": _MLP_NEAR,
    "MLPRegressor": _MLP_NEAR,
    "LogisticRegression": {"C": [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]},
}
"""Values worth looking at around the best, once a class's table is used up."""
