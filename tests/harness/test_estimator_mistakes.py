"""Estimators and labels that don't go together are named before anything is fitted."""

from __future__ import annotations

from tests.harness.conftest import Bench

SCRIPT = """
import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

x = np.random.RandomState(0).randn(60, 4)
three = np.arange(60) % 3
many = np.arange(60) * 7.0
text = np.array(["a", "b", "c"])[three]

def fit(name, model, y, given=x, call=None):
    print("\\ncase", name, flush=True)
    try:
        call(model, given, y, cv=3) if call else model.fit(given, y)
    except Exception as error:
        print("refused by scikit-learn itself:", type(error).__name__)
    print("end", flush=True)

fit("numbers for classes", SVC(), many)
fit("fractions for classes", make_pipeline(StandardScaler(), LogisticRegression()), x[:, 0])
fit("crossed", RandomForestClassifier(), many, call=cross_val_score)
fit("searched", GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=3), many)
fit("rows for one", LogisticRegression(), np.eye(3)[three])
fit("text for numbers", RandomForestRegressor(5), text)
fit("classes for numbers", RandomForestRegressor(5), three)
fit("one row", LinearRegression(), x[:, 1], x[:, 0])
fit("right", LogisticRegression(), three)
fit("right with text", LogisticRegression(), text)
fit("right with rows", RandomForestClassifier(5), np.eye(3)[three])
fit("right with numbers", RandomForestRegressor(5), x[:, 1])
columns = FunctionTransformer(lambda row: row.reshape(-1, 1))
fit("right reshaped", make_pipeline(columns, LinearRegression()), many, x[:, 0])
print(accuracy_score(three, three))
raise SystemExit("that is all")
"""
SAID = {
    "numbers for classes": "60 different numbers in 60 rows: use SVR",
    "fractions for classes": "use LinearRegression",
    "crossed": "use RandomForestRegressor",
    "searched": "LogisticRegression tells classes apart",
    "rows for one": "rows of 3 numbers: use y.argmax(axis=1)",
    "text for numbers": "the labels are text: use RandomForestClassifier",
    "classes for numbers": "3 classes: use RandomForestClassifier",
    "one row": "X.reshape(-1, 1)",
    "right": "",
    "right with text": "",
    "right with rows": "",
    "right with numbers": "",
    "right reshaped": "",
}


def test_mistakes_are_named_before_the_fit(sklearn: Bench) -> None:
    ended = sklearn.train(
        sklearn.source(SCRIPT), sklearn.trial(job={"env": {"PYTHONUNBUFFERED": "1"}, "holdout": 0.2})
    )
    assert "that is all" in ended.out, ended.out[-2000:]
    cases = {part.splitlines()[0]: part.split("\nend")[0] for part in ended.out.split("case ")[1:]}
    for name, sentence in SAID.items():
        told = [line for line in cases[name].splitlines() if line.startswith("trainyard: ")]
        assert len(told) == bool(sentence), (name, cases[name])
        assert all(sentence in line for line in told), (name, told)


def test_what_no_parameter_mends_stays_with_the_trial(sklearn: Bench) -> None:
    source = sklearn.source(
        "from sklearn.datasets import load_diabetes\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "x, y = load_diabetes(return_X_y=True)\n"
        "model = LogisticRegression(max_iter=20).fit(x[:300], y[:300])\n"
        "print(model.score(x[300:], y[300:]))\n"
    )
    ended = sklearn.train(source, sklearn.trial())
    (mistake,) = ended.metrics["mistakes"]
    assert mistake["hopeless"]
    assert "use LinearRegression" in mistake["sentence"]
