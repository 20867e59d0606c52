"""What a script's name and folder say about its being the one to start."""

from __future__ import annotations

import re

from trainyard.detect.knowledge.words import words

TEST_FOLDERS = words("test tests testing unittests benchmark benchmarks docs doc")
SIDE_FOLDERS = words(
    """
    example examples demo demos old archive backup deprecated legacy tutorial tutorials experimental
    experiments
    scratch playground sandbox misc tools utils baseline baselines draft unused notebooks notebook lib
    """
)


def _named(points: float, why: str, *patterns: str) -> tuple[re.Pattern[str], float, str]:
    return re.compile("(?i)" + "|".join(patterns)), points, why


# The first that matches a file's name counts.
NAMES: tuple[tuple[re.Pattern[str], float, str], ...] = (
    _named(-2.5, "its name is a test's", r"^test[_\d]", "_test$", "^test$", "^conftest$", "unittest"),
    _named(-1.5, "its name is a benchmark's", "(^|_)(benchmark|bench)(_|$)"),
    _named(
        -1.0,
        "its name is not a training's",
        "predict",
        "infer",
        "serv",
        "deploy",
        "evaluat",
        "(^|_)eval(_|$)",
        "visuali",
        "plot",
        "(^|_)app(_|$)",
        "demo",
        "api",
        "client",
        "score",
        "detect_",
        "webcam",
        "gui",
        "ui(_|$)",
        "explain",
        "dashboard",
    ),
    _named(
        -0.8,
        "its name is a side experiment's",
        "hyper",
        "tun(e|ing|er)",
        "sweep",
        "grid_?search",
        "optuna",
        "search",
        "ablation",
        "cross_?val",
        "kfold",
        "compare",
        "comparison",
        "baseline",
        "retrain",
        "tweak",
        "change",
        "experiment",
        "explor",
        "eda",
        "analysis",
    ),
    _named(
        -1.0,
        "its name is an old copy's",
        "old",
        "backup",
        "copy",
        "bak",
        "tmp",
        "temp",
        "draft",
        "deprecated",
        "legacy",
        "scratch",
        "unused",
        "checkpoint",
        r"\(\d\)",
        "_v0",
    ),
    _named(
        -0.7,
        "its name is a helper's",
        "util",
        "helper",
        "common",
        "config",
        "dataset",
        "dataloader",
        "preprocess",
        "(^|_)data(_|$)",
        "layers",
        "metrics",
        "losses",
        "callbacks",
    ),
    _named(
        2.0,
        "its name says training",
        "^(train|training|trainer|run_training|train_?model|model_?train(ing|er)?|main_train|do_train)$",
        "^start_train(ing)?$",
    ),
    _named(1.5, "its name says training", "train"),
    _named(1.4, "its name says start here", "^(main|__main__|run|start|index)$"),
    _named(0.8, "its name says start here", "main", "pipeline"),
    _named(
        0.4,
        "its name says the main script",
        r"^(model|classifier|solution|submission|code|program|script|task\d*|project)",
        "final",
    ),
)

SAVES = re.compile(
    r"\.save(?:_model|_weights|_pretrained)?\(|joblib\.dump|pickle\.dump|torch\.save|save_model\(|to_csv\("
    r"|ModelCheckpoint|\.dump\("
)
SERVES = re.compile(
    r"(?m)^\s*(?:from|import)\s+(flask|fastapi|streamlit|gradio|django|dash|bottle|telebot|uvicorn)\b"
)
