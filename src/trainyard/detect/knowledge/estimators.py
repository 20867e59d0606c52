"""Estimators with a `fit`: framework, family and task of what a library call constructs."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from trainyard.detect.knowledge.names import last, root
from trainyard.detect.knowledge.words import words


class Estimator(NamedTuple):
    """What constructing something says. `weight` is how much fitting it speaks for being the repository's
    point.
    """

    framework: str
    family: str
    task: str | None
    weight: float = 1.0


_MODULES = words(
    """
    ensemble tree linear_model svm naive_bayes neighbors neural_network discriminant_analysis
    gaussian_process mixture cluster isotonic kernel_ridge multiclass multioutput semi_supervised
    cross_decomposition dummy calibration lda qda hmm experimental
    """
)
_NOT_ESTIMATORS = words(
    """
    KNeighborsTransformer RadiusNeighborsTransformer RandomTreesEmbedding BallTree KDTree DistanceMetric
    FeatureAgglomeration NearestNeighbors LocalOutlierFactor NeighborhoodComponentsAnalysis
    """
)
CONTAINERS = words(
    """
    GridSearchCV RandomizedSearchCV HalvingGridSearchCV HalvingRandomSearchCV BayesSearchCV Pipeline
    make_pipeline VotingClassifier VotingRegressor StackingClassifier StackingRegressor BaggingClassifier
    BaggingRegressor AdaBoostClassifier AdaBoostRegressor OneVsRestClassifier OneVsOneClassifier
    MultiOutputClassifier MultiOutputRegressor CalibratedClassifierCV TransformedTargetRegressor
    RegressorChain ClassifierChain TunedThresholdClassifierCV SelfTrainingClassifier EasyEnsembleClassifier
    GridSearch TuneSearchCV TuneGridSearchCV OptunaSearchCV DaskGridSearchCV EnsembleVoteClassifier
    StackingCVClassifier StackingCVRegressor imbPipeline
    """
)
_SEARCHES = {
    "GridSearchCV",
    "RandomizedSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    "BayesSearchCV",
}
_SELECTORS = {
    "RFE": 0.2,
    "SelectFromModel": 0.2,
    "SequentialFeatureSelector": 0.2,
    "IterativeImputer": 0.2,
    "RFECV": 0.6,  # scores its estimator on data apart, so alone it is a training
}
_BOOSTING = {
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "RUSBoostClassifier",
}
_REGRESSORS = words(
    """
    LinearRegression Ridge RidgeCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC ElasticNet ElasticNetCV
    SVR LinearSVR NuSVR BayesianRidge ARDRegression HuberRegressor KernelRidge IsotonicRegression Lars
    LarsCV OrthogonalMatchingPursuit PLSRegression GammaRegressor PoissonRegressor TweedieRegressor
    MultiTaskLasso MultiTaskElasticNet TransformedTargetRegressor TheilSenRegressor QuantileRegressor
    """
)
_CLASSIFIERS = words(
    """
    LogisticRegression LogisticRegressionCV SVC LinearSVC NuSVC GaussianNB MultinomialNB BernoulliNB
    ComplementNB CategoricalNB Perceptron LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis LDA QDA
    NearestCentroid LabelPropagation LabelSpreading CalibratedClassifierCV
    """
)
_AUTO = {
    "tpot": "sklearn",
    "autosklearn": "sklearn",
    "pycaret": "sklearn",
    "lazypredict": "sklearn",
    "flaml": "sklearn",
    "autogluon": "sklearn",
    "mlxtend": "sklearn",
    "skmultilearn": "sklearn",
    "sklearn_crfsuite": "sklearn",
    "supervised": "sklearn",
    "hpsklearn": "sklearn",
    "pyod": "sklearn",
    "skopt": "sklearn",
    "dask_ml": "sklearn",
    "rgf": "sklearn",
    "ngboost": "sklearn",
    "econml": "sklearn",
    "interpret": "sklearn",
    "libsvm": "sklearn",
    "svmutil": "sklearn",
    "cuml": "sklearn",
    "thundersvm": "sklearn",
    "sktime": "sklearn",
    "skrub": "sklearn",
}

# Functions that train by being called.
_TRAIN_CALLS: dict[str, Estimator] = {
    "xgboost.train": Estimator("xgboost", "boosting", None),
    "xgboost.cv": Estimator("xgboost", "boosting", None, 0.6),
    "xgboost.dask.train": Estimator("xgboost", "boosting", None),
    "lightgbm.train": Estimator("lightgbm", "boosting", None),
    "lightgbm.cv": Estimator("lightgbm", "boosting", None, 0.6),
    "catboost.train": Estimator("catboost", "boosting", None),
    "catboost.cv": Estimator("catboost", "boosting", None, 0.6),
    "pmdarima.auto_arima": Estimator("statsmodels", "classical", "regression"),
    "pyramid.arima.auto_arima": Estimator("statsmodels", "classical", "regression"),
    "numpy.polyfit": Estimator("numpy", "classical", "regression", 0.4),
    "numpy.linalg.lstsq": Estimator("numpy", "classical", "regression", 0.4),
    "scipy.optimize.minimize": Estimator("numpy", "classical", None, 0.7),
    "scipy.optimize.fmin_cg": Estimator("numpy", "classical", None, 1.0),
    "scipy.optimize.fmin_bfgs": Estimator("numpy", "classical", None, 1.0),
    "scipy.optimize.fmin_tnc": Estimator("numpy", "classical", None, 1.0),
    "scipy.optimize.fmin": Estimator("numpy", "classical", None, 0.4),
    "scipy.optimize.curve_fit": Estimator("numpy", "classical", "regression", 0.4),
    "scipy.stats.linregress": Estimator("numpy", "classical", "regression", 0.4),
    "svmutil.svm_train": Estimator("sklearn", "classical", "classification"),
    "libsvm.svmutil.svm_train": Estimator("sklearn", "classical", "classification"),
    "pycaret.classification.compare_models": Estimator("sklearn", "classical", "classification"),
    "pycaret.classification.create_model": Estimator("sklearn", "classical", "classification"),
    "pycaret.regression.compare_models": Estimator("sklearn", "classical", "regression"),
    "pycaret.regression.create_model": Estimator("sklearn", "classical", "regression"),
    "tensorflow.estimator.train_and_evaluate": Estimator("tensorflow-keras", "mlp", None),
    "transformers.optimization.train": Estimator("transformers", "transformer", None),
}
# Functions that fit the estimator that they are given.
FIT_ARGUMENT = words(
    """
    cross_val_score cross_val_predict cross_validate learning_curve validation_curve permutation_test_score
    fit_generator StackingTransformer stacking
    """
)

FIT_METHODS = {"fit", "partial_fit", "fit_predict", "fit_generator", "fit_regularized", "fit_resample"}
FIT_NAMES = frozenset(
    {
        *FIT_METHODS,
        "train",
        "fit_one_cycle",
        "fine_tune",
        "train_on_batch",
        "search",
        "learn",
        "fit_transform",
    }
)
"""Methods that may train, whatever they belong to."""


def train_call(name: str) -> Estimator | None:
    """What a library function that trains when called speaks for."""
    return _TRAIN_CALLS.get(name)


@lru_cache(maxsize=4096)
def estimator(name: str) -> Estimator | None:  # noqa: PLR0911 - a table of cases
    """What constructing `name` (canonical) gives, where that is something with a `fit`."""
    top, tail = root(name), last(name)
    if top == "xgboost":
        return (
            _boosting("xgboost", tail)
            if tail.startswith("XGB") or tail == "Booster" or "DaskXGB" in tail
            else None
        )
    if top == "lightgbm":
        return _boosting("lightgbm", tail) if "LGBM" in tail or tail == "Booster" else None
    if top == "catboost":
        return _boosting("catboost", tail) if tail.startswith("CatBoost") else None
    if top == "statsmodels" or top in ("pmdarima", "arch", "linearmodels"):
        return Estimator("statsmodels", "classical", _statsmodels_task(tail))
    if top == "sklearn":
        return _sklearn(name, tail)
    if top == "skorch":
        task = "regression" if "Regressor" in tail else "classification" if "Classifier" in tail else None
        return Estimator("pytorch", "mlp", task) if tail.startswith("NeuralNet") else None
    if top == "scikeras" or name.startswith("keras.wrappers"):
        return Estimator("tensorflow-keras", "mlp", "regression" if "Regressor" in tail else "classification")
    if top == "pytorch_tabnet":
        return Estimator("pytorch", "mlp", "regression" if "Regressor" in tail else "classification")
    if top in _AUTO and tail[:1].isupper():
        family = "boosting" if top == "ngboost" else "classical"
        return Estimator("sklearn", family, _task(tail))
    return None


def _boosting(framework: str, tail: str) -> Estimator:
    return Estimator(framework, "boosting", _task(tail))


def _task(tail: str) -> str | None:
    if tail.endswith(("Classifier", "Ranker")) or tail in _CLASSIFIERS or "Classifier" in tail:
        return "classification"
    if tail.endswith("Regressor") or tail in _REGRESSORS or "Regressor" in tail:
        return "regression"
    return None


def _statsmodels_task(tail: str) -> str | None:
    return "classification" if tail.lower() in ("logit", "probit", "mnlogit") else "regression"


def _sklearn(name: str, tail: str) -> Estimator | None:
    if tail in _SELECTORS:
        return Estimator("sklearn", "classical", None, _SELECTORS[tail])
    if tail in _SEARCHES:
        return Estimator("sklearn", "classical", None)
    if tail in ("Pipeline", "make_pipeline"):
        return Estimator("sklearn", "classical", None, 0.0)
    parts = name.split(".")
    if len(parts) < 2 or not tail[:1].isupper() or tail in _NOT_ESTIMATORS:
        return None
    if parts[1] not in _MODULES and not (len(parts) == 2 and _task(tail)):
        return None
    family = "mlp" if tail.startswith("MLP") else "boosting" if tail in _BOOSTING else "classical"
    weight = 0.15 if tail.startswith("Dummy") else 0.6 if parts[1] in ("cluster", "mixture") else 1.0
    if tail in ("IsolationForest", "OneClassSVM", "EllipticEnvelope"):
        weight = 0.6
    return Estimator("sklearn", family, _task(tail), weight)
