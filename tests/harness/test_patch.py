"""What won is given back as source: the patched script builds it, trains it, and scores what it scored."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.conftest import Bench, Ended
from trainyard.patch import Ladder, difference, patched
from trainyard.patch.diff import unified
from trainyard.runs.files import Move

WEAK = Path(__file__).parent / "weak"
STOP = ("stop", {"patience": 8, "enough": None})
MOVES: dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]] = {
    "add_in_a_row": ("keras", [
        ("widen", {"layers": {"conv2d": 16, "dense": 32}}),
        ("activation", {"layers": {"dense": "relu"}}),
        ("batchnorm", {"after": ["conv2d"], "momentum": 0.8}),
        ("augment", {"layers": [["RandomTranslation", {
            "height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"}]]}),
        ("dropout", {"layers": {"dense": 0.2}}),
        ("optimizer", {"class_name": "Adam", "config": {"learning_rate": 0.003}}),
        ("epochs", {"epochs": 25}), STOP, ("batch_size", {"batch_size": 32})]),
    "a_list_of_layers": ("keras2", [
        ("input_batchnorm", {"momentum": 0.7}),
        ("widen", {"layers": {"dense": 64}}),
        ("dropout", {"layers": {"dense": 0.1}}), ("penalise", {"layers": {"dense": 0.001}}),
        ("learning_rate", {"learning_rate": 0.01}), ("epochs", {"epochs": 40})]),
    "flattened_images": ("keras", [
        ("convolve", {"filters": [16, 32], "reshape": [8, 8, 1], "momentum": 0.8}),
        ("augment", {"after": "ty_channel", "layers": [["RandomTranslation", {
            "height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"}]]}),
        ("epochs", {"epochs": 25}), STOP]),
    "functional_blocks": ("keras", [
        ("widen", {"layers": {"conv2d": 8, "conv2d_1": 8, "conv2d_2": 24}}),
        ("batchnorm", {"after": ["conv2d", "conv2d_1", "conv2d_2"], "momentum": 0.8}),
        ("conv_block", {"after": "max_pooling2d", "filters": 12, "momentum": 0.8}),
        ("head", {"layer": "flatten", "to": "gap"}),
        ("learning_rate", {"learning_rate": 0.004}), ("epochs", {"epochs": 20}), STOP]),
    "a_loop_over_units": ("keras", [
        ("widen", {"layers": {"dense": 64, "dense_1": 48}}),
        ("dense_block", {"after": "dense_1", "units": 16}),
        ("learning_rate", {"learning_rate": 0.005}), ("epochs", {"epochs": 30}),
        ("patience", {"patience": 9}), STOP]),
    "recurrent_words": ("keras2", [
        ("widen", {"layers": {"embedding": 8, "bidirectional": 12}}),
        ("dropout", {"layers": {"bidirectional": 0.2}}),
        ("learning_rate", {"learning_rate": 0.01}), ("epochs", {"epochs": 8})]),
    "of_its_own_class": ("keras", [
        ("rebuild", {"layers": [
            {"name": "first", "turn": 0, "width": 48, "settings": {"activation": "tanh"}}]}),
        ("optimizer", {"class_name": "Adam", "config": {"learning_rate": 0.01}}),
        ("epochs", {"epochs": 20})]),
    "forest": ("sklearn", [
        ("set_params", {"params": {"n_neighbors": 5, "weights": "distance"}}), ("scale_inputs", {})]),
}  # fmt: skip


def move(kind: str, args: dict[str, Any]) -> Move:
    return Move(kind=kind, args=args)


def number(ended: Ended) -> dict[str, Any]:
    return ended.number("accuracy")


@pytest.mark.parametrize("name", MOVES)
def test_the_patched_script_is_the_winner(name: str, bench: Callable[[str], Bench], tmp_path: Path) -> None:
    image, pairs = MOVES[name]
    lab = bench(image)
    source = lab.source((WEAK / f"{name}.py").read_text())
    pushed = lab.train(source, lab.trial("000"))
    for kind, args in pairs:
        for one in args["layers"] if kind == "rebuild" else ():
            one["made_at"] = next(
                layer["made_at"] for layer in pushed.architecture["layers"] if layer["name"] == one["name"]
            )
    plain = [{"kind": kind, "args": args, "reason": ""} for kind, args in pairs]
    winner = lab.train(source, lab.trial("001", spec={"trial": 1, "parent": None, "moves": plain}))
    assert "left out" not in winner.notes
    rows = winner.history if image != "sklearn" else [{}]
    watched = next((one for one in rows[0] if one.startswith("val_") and "acc" in one), None)
    ladder = Ladder(moves=[[move(*pair) for pair in pairs]], epochs=[len(rows)], monitor=watched)
    found = patched(source, "train.py", pushed.architecture, winner.architecture, ladder)
    diff = unified(found)
    print(diff.decode())
    (tmp_path / "patch.diff").write_bytes(diff)
    after = tmp_path / "after"
    after.mkdir()
    (after / "train.py").write_bytes((source / "train.py").read_bytes())
    subprocess.run(["git", "apply", str(tmp_path / "patch.diff")], cwd=after, check=True)
    assert (after / "train.py").read_bytes() == found["train.py"][1]
    again = lab.train(after, lab.trial("patched"))
    assert again.code == 0, again.out[-2000:]
    again.clean()
    assert difference(winner.architecture, again.architecture) is None
    low = number(winner)["interval"][0]
    assert number(again)["value"] >= low, (number(pushed)["value"], number(winner)["value"])
