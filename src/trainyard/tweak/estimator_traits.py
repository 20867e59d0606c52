"""Kinds of estimators and of pipelines' steps, and what can't be learnt with them."""

from __future__ import annotations

from typing import Any

SCALERS = frozenset({
    "StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "Normalizer", "QuantileTransformer",
    "PowerTransformer", "ColumnTransformer", "TfidfVectorizer", "TfidfTransformer",
})  # fmt: skip
SCALE_SENSITIVE = frozenset({
    "SVC", "SVR", "NuSVC", "NuSVR", "LinearSVC", "LinearSVR", "KNeighborsClassifier", "KNeighborsRegressor",
    "MLPClassifier", "MLPRegressor", "LogisticRegression", "SGDClassifier", "SGDRegressor", "Perceptron",
    "PassiveAggressiveClassifier", "RidgeClassifier", "Ridge", "Lasso", "ElasticNet",
    "GaussianProcessRegressor", "GaussianProcessClassifier", "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor", "KernelRidge", "HuberRegressor",
})  # fmt: skip
_BORDERS, _PLANES = "tells classes apart by straight borders", "fits a plane"
STRAIGHT = {
    **dict.fromkeys(("LogisticRegression", "LinearSVC", "SGDClassifier", "Perceptron"), _BORDERS),
    **dict.fromkeys(("RidgeClassifier", "LinearDiscriminantAnalysis"), _BORDERS),
    **dict.fromkeys(("LinearRegression", "Ridge", "Lasso", "ElasticNet", "SGDRegressor"), _PLANES),
    **dict.fromkeys(("BayesianRidge", "ARDRegression", "HuberRegressor", "LinearSVR"), _PLANES),
}
"""What can learn nothing bent from the features as they are, and how a person is told."""
_TREE, _ONE_BY_ONE = "is one tree, of which forests average many", "takes features one by one"
_MEMBERS = "is as good as the members that the script gives it"
LIMITS = {
    **dict.fromkeys(("DecisionTreeClassifier", "DecisionTreeRegressor"), _TREE),
    **dict.fromkeys(("GaussianNB", "BernoulliNB", "MultinomialNB", "ComplementNB"), _ONE_BY_ONE),
    **dict.fromkeys(("VotingClassifier", "VotingRegressor"), _MEMBERS),
    **dict.fromkeys(("StackingClassifier", "StackingRegressor"), _MEMBERS),
    **dict.fromkeys(("DummyClassifier", "DummyRegressor"), "answers without a look at the inputs"),
    "NearestCentroid": "knows one centre of each class",
    "QuadraticDiscriminantAnalysis": "takes each class for one normal cloud",
}
"""Why what falls short after all may be the wrong estimator."""
CORRELATED = frozenset({"GaussianNB"})
"""Those that take features one by one, of which principal components leave the fewest wrong."""
SEARCHES = frozenset({"GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"})
"""What looks among values of the script's own."""
REDUCING: dict[str, dict[str, Any]] = {
    "PCA": {"n_components": None},
    "KernelPCA": {"n_components": None},
    "FastICA": {"n_components": None},
    "SelectKBest": {"k": "all"},
    "SelectPercentile": {"percentile": 100},
}
"""Steps of pipelines that may leave too few features, and how they leave all."""
