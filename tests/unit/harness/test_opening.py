"""What of a script can be done before its turn: the imports of frameworks, and variables that steer them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from trainyard_harness.opening import Variable, opening


def steps(folder: Path, **modules: str) -> list[str | Variable]:
    """The steps of `train`, imports as text."""
    for name, text in modules.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = opening(folder / "train.py", folder)
    return [one if isinstance(one, Variable) else ast.unparse(one) for one in found]


def test_variables_come_in_the_order_of_the_script(tmp_path: Path) -> None:
    script = """
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
from keras import layers
os.environ["AFTER"] = "1"
"""
    assert steps(tmp_path, train=script) == [
        Variable("TF_CPP_MIN_LOG_LEVEL", "3", default=False),
        "import tensorflow as tf",
        Variable("KERAS_BACKEND", "tensorflow", default=True),
        "from keras import layers",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "SEED = int(os.environ.get('SEED', 0))",
        "SEED = os.getenv('SEED')",
        "HOME = os.environ['HOME']",
        "if 'COLAB_GPU' in os.environ: print('colab')",
        "os.environ['PYTHONHASHSEED'] = str(SEED)",
        "def fix(seed):\n    os.environ['TF_DETERMINISTIC_OPS'] = str(seed)",
        "import warnings; warnings.filterwarnings('ignore')",
    ],
)
def test_what_sets_nothing_before_the_import_is_passed_over(tmp_path: Path, line: str) -> None:
    assert steps(tmp_path, train=f"import os\nSEED = 1\n{line}\nimport keras\n") == ["import keras"]


@pytest.mark.parametrize(
    "line",
    [
        "os.environ['CUDA_VISIBLE_DEVICES'] = str(gpu)",
        "os.environ.update(KERAS_BACKEND='torch')",
        "os.environ |= settings",
        "del os.environ['KERAS_BACKEND']",
        "environment = os.environ",
        "os.putenv('KERAS_BACKEND', 'torch')",
        "from os import environ as e\ne['KERAS_BACKEND'] = 'torch'",
        "from dotenv import load_dotenv\nload_dotenv()",
        "if gpu:\n    os.environ['KERAS_BACKEND'] = 'torch'",
        "def fix():\n    os.environ['KERAS_BACKEND'] = 'torch'\ndef main():\n    fix()\nmain()",
        "try:\n    import gpustat\nexcept ImportError:\n    os.environ['KERAS_BACKEND'] = 'torch'",
        "class Settings:\n    os.environ['KERAS_BACKEND'] = 'torch'",
    ],
)
def test_what_may_set_anything_before_the_import_ends_it(tmp_path: Path, line: str) -> None:
    assert steps(tmp_path, train=f"import os\n{line}\nimport keras\n") == []
    assert steps(tmp_path, train=f"import os\nimport keras\n{line}\n") == ["import keras"]


def test_own_modules_are_followed_where_they_are_imported(tmp_path: Path) -> None:
    found = steps(
        tmp_path,
        **{
            "train": "import settings\nfrom nets.small import build\nimport settings\n",
            "settings": "import os\nos.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'\n",
            "nets/__init__": "import tensorflow\n",
            "nets/small": "from . import layers\nfrom .layers import wide\n",
            "nets/layers": "import train\nfrom keras.layers import Dense\n",
        },
    )
    assert found == [
        Variable("TF_ENABLE_ONEDNN_OPTS", "0", default=False),
        "import tensorflow",
        "from keras.layers import Dense",
    ]


def test_only_what_python_would_find_is_followed(tmp_path: Path) -> None:
    found = steps(
        tmp_path,
        **{
            "train": "import nets.small\nimport keras\n",
            "nets/small": "import settings\n",
            "nets/settings": "import os\nos.environ['LEVEL'] = '1'\n",
        },
    )
    assert found == ["import keras"]


def test_an_own_module_may_set_variables_by_a_function(tmp_path: Path) -> None:
    fix = "import os\ndef fix(gpu):\n    os.environ['CUDA_VISIBLE_DEVICES'] = gpu\n"
    before = "import settings\nsettings.fix('0')\nimport keras\n"
    assert steps(tmp_path, train=before, settings=fix) == []
    after = "import settings\nimport keras\nsettings.fix('0')\n"
    assert steps(tmp_path, train=after, settings=fix) == ["import keras"]


def test_the_first_of_two_ways_to_import_is_tried(tmp_path: Path) -> None:
    script = "try:\n    from tensorflow import keras\nexcept ImportError:\n    import keras\n"
    assert steps(tmp_path, train=script) == ["from tensorflow import keras"]


def test_a_script_without_a_framework_has_none(tmp_path: Path) -> None:
    assert steps(tmp_path, train="import os\nos.environ['A'] = 'b'\nimport sklearn\n") == []
