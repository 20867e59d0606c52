"""Numbers in words: scales are normalised, and the words say the split."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard_harness.printed import Listener, numbers_in, numbers_in_files

LINES = [
    ("Accuracy: 93.4%", [("accuracy", 0.934, "unknown", None)]),
    ("Accuracy: 93.4", [("accuracy", 0.934, "unknown", None)]),
    ("Test accuracy = 0.934", [("accuracy", 0.934, "test", None)]),
    ("val_acc: 0.8", [("accuracy", 0.8, "validation", None)]),
    ("train acc 0.91 test acc 0.88", [("accuracy", 0.91, "train", None), ("accuracy", 0.88, "test", None)]),
    ("correct: 93/100", [("accuracy", 0.93, "unknown", 100)]),
    ("93 of 100 correct", [("accuracy", 0.93, "unknown", 100)]),
    ("test error rate: 6.5 %", [("accuracy", 0.935, "test", None)]),
    ("Accuracy on test images: 81 %", [("accuracy", 0.81, "test", None)]),
    ("an accuracy score of 97.5 percent", [("accuracy", 0.975, "unknown", None)]),
    ("RMSE: 4.2 MSE: 17.64", [("rmse", 4.2, "unknown", None), ("mse", 17.64, "unknown", None)]),
    ("R2:  0.572", [("r2", 0.572, "unknown", None)]),
    ("Mean Absolute Error: 1.5e3", [("mae", 1500.0, "unknown", None)]),
    ("Test Accuracy of the model on the 10000 test images: 54 %", [("accuracy", 0.54, "test", None)]),
    ("Test set: Average loss: 0.0012, Accuracy: 178/200 (89%)", [("accuracy", 0.89, "test", 200)]),
    ("Accuracy for fold 3: 81.2%", [("accuracy", 0.812, "unknown", None)]),
    ("The accuracy is 0,93", [("accuracy", 0.93, "unknown", None)]),
    ("The model is 93% accurate", [("accuracy", 0.93, "unknown", None)]),
    ("Mislabeled points: 6 out of 150", [("accuracy", 0.96, "unknown", 150)]),
    ("incorrect: 5/50", [("accuracy", 0.9, "unknown", 50)]),
    ("accuracy 0.95 on the test set", [("accuracy", 0.95, "test", None)]),
    ("acc@1 76.1 acc@5 93.2", [("accuracy", 0.761, "unknown", None)]),
    ("acc 0.93 val_acc 0.91", [("accuracy", 0.93, "unknown", None), ("accuracy", 0.91, "validation", None)]),
    ("accuracy", []),
    ("accuracy: 250", []),
    ("account 12 opened", []),
    ("loaded 93 of 100 files", []),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_read_as_a_person_reads_it(line: str, expected: list[tuple[object, ...]]) -> None:
    found = sorted(numbers_in(line), key=lambda one: (one[0] != "rmse", line.find(str(one[1]))))
    assert [(one[0], pytest.approx(one[1]), one[2], one[3]) for one in found] == expected


class Stream:
    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_what_is_printed_is_passed_on_unchanged_and_heard_line_by_line() -> None:
    stream, heard = Stream(), []
    listener = Listener(stream, heard.append)
    for piece in ("Acc", "uracy: 0.9\nnext ", "line\n", "\r 1/10 accuracy: 0.5\n", "open end"):
        assert listener.write(piece) == len(piece)
    assert stream.text == "Accuracy: 0.9\nnext line\n\r 1/10 accuracy: 0.5\nopen end"
    assert heard == ["Accuracy: 0.9", "next line"]
    assert listener.encoding == "utf-8"


def test_files_that_the_script_wrote_are_read_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "accuracy.txt").write_text("91\n")
    (tmp_path / "metrics.json").write_text('{"test_accuracy": 0.5, "name": "x"}')
    (tmp_path / "readme.txt").write_text("accuracy: 0.1")
    (tmp_path / "results_broken.json").write_text("{")
    found = [(path.name, *rest) for path, *rest in numbers_in_files(tmp_path, since=0)]
    assert found == [
        ("accuracy.txt", "accuracy", 0.91, "unknown", None),
        ("metrics.json", "accuracy", 0.5, "test", None),
    ]
    assert not list(numbers_in_files(tmp_path, since=2**40))
