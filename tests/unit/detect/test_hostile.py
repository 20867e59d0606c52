"""Whatever a repository holds, detection answers: properties over generated code, the worst inputs known."""

import os
import random
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainyard.detect import detect, files, render
from trainyard.detect.parse import decode, parse

FIT = "from sklearn.svm import SVC\nSVC().fit(x, y)\n"
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def judged(contents):
    root = Path(tempfile.mkdtemp())
    try:
        for name, data in contents.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
        found = detect(root)
        render(found, explain=True)
        msgspec.json.encode(found)
        return found
    finally:
        shutil.rmtree(root)


@QUIET
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_random_bytes_never_raise(code, cells):
    judged({"a.py": code, "b.ipynb": cells, "requirements.txt": code, "pyproject.toml": cells})


NAMES = st.sampled_from(
    ["a", "b", "self", "model", "x", "keras", "torch", "SVC", "Sequential", "print", "nn", "super"]
)
ATOMS = st.one_of(
    NAMES, st.integers(0, 99).map(str), st.sampled_from(["'s'", "None", "[]", "{}", "()", "lambda: a"])
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, NAMES).map(lambda t: f"({t[0]}).{t[1]}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})({t[1]}, *{t[1]}, **{t[0]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"[{t[0]} for a in {t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"{{{t[0]}: {t[1]}}}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[0]})"),
        st.tuples(inner, inner).map(lambda t: f"getattr({t[0]}, 'fit')({t[1]})"),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    EXPRESSIONS,
    st.tuples(NAMES, EXPRESSIONS).map(lambda t: f"{t[0]} = {t[1]}"),
    st.tuples(NAMES, EXPRESSIONS).map(lambda t: f"for {t[0]} in {t[1]}:\n    {t[0]}.fit({t[1]})"),
    st.tuples(NAMES, EXPRESSIONS).map(lambda t: f"def {t[0]}(a, *b, **x):\n    return {t[1]}"),
    st.tuples(NAMES, NAMES, EXPRESSIONS).map(
        lambda t: (
            f"class {t[0]}({t[1]}):\n    def __init__(self):\n        self.a = {t[2]}\n"
            f"    def fit(self): {t[2]}"
        )
    ),
    st.sampled_from(
        ["from keras.layers import *", "import torch.nn as nn", "from b import *", "import a", FIT]
    ),
    st.tuples(EXPRESSIONS).map(lambda t: f"exec({t[0]})\nraise {t[0]}"),
)


@QUIET
@given(st.lists(STATEMENTS, max_size=8), st.lists(STATEMENTS, max_size=8))
def test_odd_but_valid_code_never_raises(first, second):
    judged({"a.py": "\n".join(first), "b.py": "\n".join(second)})


@QUIET
@given(
    st.lists(STATEMENTS, max_size=5),
    st.integers(0, 200),
    st.sampled_from(["", "(", "'''", "$", "\t ", "print 'x'"]),
)
def test_code_cut_anywhere_is_a_problem_with_a_line_and_not_an_exception(lines, at, junk):
    text = "\n".join(lines)
    at = min(at, len(text))
    found = judged({"a.py": text[:at] + junk + text[at:]})
    assert all(p.line >= 1 and p.reason for p in found.problems)


@QUIET
@given(st.text(max_size=200))
def test_any_text_can_be_decoded_and_parsed(text):
    assert isinstance(decode(text.encode("utf-8", "surrogatepass")), str)
    parse(text)


@QUIET
@given(st.lists(STATEMENTS, max_size=6))
def test_the_answer_does_not_depend_on_the_walk_of_earlier_runs(lines):
    contents = {"a.py": "\n".join(lines) + "\n" + FIT, "b.py": "\n".join(lines)}
    assert msgspec.json.encode(judged(contents)) == msgspec.json.encode(judged(contents))


DEEP = {
    "parentheses": "x = " + "(" * 100_000 + ")" * 100_000,
    "lists": "x = " + "[" * 90 + "]" * 90,
    "sums": "x = " + "+".join(["a"] * 60_000),
    "attributes": "x = a" + ".b" * 100_000,
    "calls": "x = a" + "()" * 900,
    "subscripts": "x = a" + "[0]" * 900,
    "signs": "x = " + "-" * 20_000 + "1",
    "lambdas": "x = " + "lambda: " * 900 + "1",
    "elifs": "if a: pass\n" + "elif a: pass\n" * 3_000,
    "ifs": "\n".join(" " * i + "if a:" for i in range(95)) + "\n" + " " * 95 + "pass",
    "functions": "\n".join(" " * i + f"def f{i}():" for i in range(90)) + "\n" + " " * 90 + "pass\nf0()",
    "classes": "\n".join(f"class C{i}(C{i - 1}):\n  def __init__(s): s.x = C{i - 1}()" for i in range(150))
    + "\nC149()",
    "explosion": "\n".join(
        f"def f{i}(x): return f{i + 1}(x), f{i + 1}([x]), f{i + 1}(f{i + 1})" for i in range(60)
    )
    + "\nf0(1)",
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_nesting_is_survived_and_other_files_still_judged(kind):
    found = judged({"deep.py": DEEP[kind] + "\n", "train.py": FIT})
    assert found.framework == "sklearn" and found.entry == "train.py"


def test_a_file_of_ten_megabytes_is_left_out_and_that_is_said():
    found = judged({"data.py": ("x = 1 + 2  # y\n" * 700_000)[:10_000_000], "train.py": FIT})
    assert found.entry == "train.py"
    assert any("data.py" in note and "MB" in note for note in found.notes)


def test_a_notebook_full_of_pictures_is_read_for_its_code():
    picture = '{"data":{"image/png":"' + "A" * 12_000_000 + '"}}'
    cell = (
        '{"cell_type":"code","source":["from sklearn.svm import SVC\\n","SVC().fit(x,y)"],"outputs":['
        + picture
        + "]}"
    )
    assert judged({"a.ipynb": '{"cells":[' + cell + "]}"}).framework == "sklearn"


@pytest.mark.parametrize(
    "text",
    [
        '{"cells":' + "[" * 100_000 + "]" * 100_000 + "}",
        "[]",
        "{}",
        '{"cells":[{"cell_type":3,"source":{}}]}',
        "\x00",
        "",
    ],
)
def test_broken_notebooks_are_problems_or_empty(text):
    assert judged({"a.ipynb": text, "train.py": FIT}).entry == "train.py"


def test_old_notebooks_and_odd_cells_are_read():
    cell = '{"cell_type":"code","input":["from sklearn.svm import SVC\\n","SVC().fit(x,y)"]}'
    old = '{"worksheets":[{"cells":[' + cell + "]}]}"
    odd = '{"cells":[{"cell_type":"code","source":["from sklearn.svm import SVC\\n",3,"SVC().fit(x,y)"]}]}'
    assert judged({"a.ipynb": old}).framework == "sklearn"
    assert judged({"a.ipynb": odd}).framework == "sklearn"


def test_ten_thousand_files_are_bounded_and_that_is_said():
    contents = {f"d{i % 50}/m{i}.py": f"import numpy as np\nx = np.dot({i}, 3)\n" for i in range(10_000)}
    found = judged(contents | {"train.py": FIT})
    assert found.entry == "train.py"
    assert any("Python files" in note for note in found.notes)


def test_links_are_never_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "train.py").write_text(FIT)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "loop").symlink_to(".")
    (inside / "up").symlink_to("..")
    (inside / "train.py").symlink_to(outside / "train.py")
    (inside / "folder").symlink_to(outside)
    os.mkfifo(inside / "pipe.py")
    found = detect(inside)
    assert found.framework == "none"
    assert any("symbolic link" in note for note in found.notes)


def test_a_link_swapped_in_after_the_walk_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("s")
    (tmp_path / "a.py").symlink_to(tmp_path / "secret")
    assert files.read(tmp_path, "a.py", 100) is None


def test_files_that_import_each_other_end(tmp_path):
    contents = {
        f"m{i}.py": f"import m{(i + 1) % 120}\nfrom m{(i + 7) % 120} import *\n{FIT}" for i in range(120)
    }
    found = judged(contents)
    assert found.framework == "sklearn" and not found.problems


@pytest.mark.parametrize("coding", ["rot13", "hex", "undefined", "idna", "utf-7", "nonsense"])
def test_odd_coding_lines_are_survived(coding):
    judged({"a.py": f"# coding: {coding}\n{FIT}".encode()})


def test_scrambled_public_looking_code_never_raises():
    rng = random.Random(7)
    corpus = list((Path(__file__).parents[2] / "corpus").glob("*/repo/**/*.py"))
    for _ in range(60):
        text = rng.choice(corpus).read_text()
        cut = sorted(rng.randrange(len(text) + 1) for _ in range(4))
        judged({"a.py": text[: cut[0]] + text[cut[2] : cut[3]] + text[cut[1] : cut[2]] + text[cut[3] :]})
