"""Needs, hazards, problems, overrides and refusals."""

import json
import tempfile
from pathlib import Path

import msgspec
import pytest

from trainyard import catalogue, resources
from trainyard.detect import Detection, Overrides, check, detect, render
from trainyard.exits import ExitCode, TrainyardError

FIT = "from sklearn.svm import SVC\nSVC().fit(x, y)\n"


def repo(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_py", ".py").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def needs_of(found):
    return {need.requirement: need for need in found.needs.requirements}


def test_imports_become_distributions_where_nothing_is_stated(tmp_path):
    found = detect(repo(tmp_path, a_py="import cv2, yaml, json\nfrom PIL import Image\n" + FIT))
    got = needs_of(found)
    assert set(got) == {"opencv-python-headless", "pyyaml", "pillow", "scikit-learn"}
    assert got["scikit-learn"].in_image and not got["pyyaml"].in_image
    assert (got["pyyaml"].origin, got["pyyaml"].file, got["pyyaml"].line) == ("import", "a.py", 1)


def test_stated_requirements_win_and_name_their_line(tmp_path):
    text = (
        "# pinned\nscikit_learn==1.3.0\n\npandas>=1.5 ; python_version > '3'\n-r more.txt\ngit+https://x/y\n"
    )
    found = detect(repo(tmp_path, a_py="import cv2\n" + FIT, requirements_txt=text))
    assert found.needs.file == "requirements.txt"
    got = needs_of(found)
    assert got["scikit-learn==1.3.0"].line == 2 and got["scikit-learn==1.3.0"].in_image
    assert "pandas>=1.5; python_version > '3'" in got or any(k.startswith("pandas>=1.5") for k in got)
    assert found.needs.skipped == ["-r more.txt", "git+https://x/y"]


def test_requirements_written_by_powershell_are_read(tmp_path):
    (tmp_path / "a.py").write_text(FIT)
    (tmp_path / "requirements.txt").write_bytes("xgboost==2.0.3\r\n".encode("utf-16"))
    assert "xgboost==2.0.3" in needs_of(detect(tmp_path))


def test_pyproject_and_conda_environments_are_read(tmp_path):
    (tmp_path / "a.py").write_text(FIT)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["rich>=13", "numpy"]\n')
    assert set(needs_of(detect(tmp_path))) == {"rich>=13", "numpy"}
    (tmp_path / "pyproject.toml").unlink()
    (tmp_path / "environment.yml").write_text(
        "dependencies:\n  - python=3.8\n  - pytorch=2.0\n  - conda-forge::opencv\n"
        "  - pip:\n    - wandb==0.15\n"
    )
    assert set(needs_of(detect(tmp_path))) == {"torch==2.0", "opencv-python-headless", "wandb==0.15"}


def test_hazards_name_kind_and_line(tmp_path):
    source = (
        "import argparse, smtplib, sys\nimport matplotlib.pyplot as plt\nimport pandas as pd\n"
        "from sklearn.datasets import fetch_openml\n"
        "p = argparse.ArgumentParser()\np.add_argument('folder')\n"
        "a = pd.read_csv('there.csv')\n"
        "b = pd.read_csv('missing.csv')\nc = pd.read_csv('C:\\\\data\\\\x.csv')\n"
        "d = fetch_openml('x')\nn = input('rounds? ')\n"
        + FIT
        + "plt.show()\nsmtplib.SMTP('h').sendmail(1, 2, 3)\n"
    )
    (tmp_path / "there.csv").write_text("a\n")
    found = detect(repo(tmp_path, a_py=source))
    kinds = {(h.kind, h.line) for h in found.hazards}
    assert {("argv", 6), ("missing-file", 8), ("absolute-path", 9), ("network", 10), ("input", 11)} <= kinds
    assert {("gui", 14), ("mail", 15)} <= kinds
    assert ("missing-file", 7) not in kinds


def test_endless_loops_are_told_apart_from_loops_that_end(tmp_path):
    ends = detect(repo(tmp_path / "a", a_py=FIT + "while True:\n    if done():\n        break\n"))
    spins = detect(repo(tmp_path / "b", a_py=FIT + "while True:\n    serve()\n"))
    assert "endless" not in {h.kind for h in ends.hazards}
    assert "endless" in {h.kind for h in spins.hazards}


def test_a_named_entry_wins_over_the_ranking(tmp_path):
    repo(tmp_path, train_py=FIT, other_py="import lightgbm\nlightgbm.train({}, d)\n")
    assert detect(tmp_path).entry == "train.py"
    assert detect(tmp_path, entry="other.py").framework == "lightgbm"
    assert detect(tmp_path, overrides=Overrides(entry="other.py")).entry == "other.py"


def test_a_named_entry_that_does_not_exist_is_a_configuration_error(tmp_path):
    with pytest.raises(TrainyardError) as caught:
        detect(repo(tmp_path, train_py=FIT), entry="trian.py")
    assert caught.value.code == ExitCode.BAD_CONFIG and "trian.py" in caught.value.message


def test_trainyard_toml_overrides_what_was_read(tmp_path):
    found = detect(repo(tmp_path, train_py=FIT), overrides=Overrides(framework="pytorch", task="regression"))
    assert (found.framework, found.task, found.image) == ("pytorch", "regression", "pytorch")
    assert any("sets the framework" in note for note in found.notes)
    assert detect(tmp_path, overrides=Overrides(image="boosting")).image == "boosting"
    with pytest.raises(TrainyardError) as caught:
        detect(tmp_path, overrides=Overrides(image="gpu"))
    assert caught.value.code == ExitCode.BAD_CONFIG


def test_a_single_script_can_be_judged(tmp_path):
    found = detect(repo(tmp_path, a_py=FIT, b_py="import torch\n") / "a.py")
    assert (found.entry, found.framework) == ("a.py", "sklearn")


def test_refusals_tell_what_to_do(tmp_path):
    tied = detect(repo(tmp_path / "tie", one_py=FIT, two_py=FIT))
    with pytest.raises(TrainyardError) as caught:
        check(tied)
    assert caught.value.code == ExitCode.AMBIGUOUS_ENTRY
    assert "one.py" in caught.value.message and "entry =" in caught.value.hint
    broken = detect(repo(tmp_path / "broken", train_py=FIT + "x = = 3\n"))
    with pytest.raises(TrainyardError) as caught:
        check(broken)
    assert caught.value.code == ExitCode.SYNTAX_ERROR and "train.py:3" in caught.value.message
    with pytest.raises(TrainyardError) as caught:
        check(detect(repo(tmp_path / "none", a_py="print(1)\n")))
    assert caught.value.code == ExitCode.NO_TRAINING_CODE and "xgboost" in caught.value.hint


def test_python_2_is_said_as_such(tmp_path):
    found = detect(repo(tmp_path, train_py=FIT + 'print "done"\n'))
    assert found.framework == "sklearn" and "Python 2" in found.blocking[0].reason


def test_answer_survives_json_and_renders_without_control_characters(tmp_path):
    (tmp_path / "a\x1b[31m.py").write_text(FIT)
    found = detect(tmp_path)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Detection) == found
    assert json.loads(msgspec.json.encode(found))["framework"] == "sklearn"
    assert "\x1b" not in render(found, explain=True)


def test_nothing_of_the_repository_is_imported_or_executed(tmp_path):
    marker = Path(tempfile.mkdtemp()) / "ran"
    attack = f"open({str(marker)!r}, 'w').write('x')\n"
    repo(tmp_path, train_py=attack + FIT, conftest_py=attack, sitecustomize_py=attack, setup_py=attack)
    assert detect(tmp_path).framework == "sklearn"
    assert not marker.exists()


def test_every_framework_of_the_catalogue_has_an_image_or_a_reason():
    known = catalogue.load()
    frameworks = "tensorflow-keras sklearn xgboost lightgbm catboost pytorch lightning transformers jax"
    frameworks += " statsmodels numpy"
    for framework in frameworks.split():
        image, reason = known.choose(framework, None, None)
        assert image in known.images or reason
    assert known.choose("tensorflow-keras", "mlp", "tf1")[1].startswith("because")
    assert known.choose("fortran", None, None) == (None, "because no image serves fortran")


def test_the_catalogue_claims_only_what_the_images_lock():
    known = catalogue.load()
    for name, image in known.images.items():
        lock = resources.IMAGES / name / "requirements.txt"
        lines = lock.read_text().splitlines() if lock.exists() else []
        locked = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
        locked |= {n.removesuffix("-cpu") for n in locked}
        assert set(image.provides) <= locked, (name, set(image.provides) - locked)
