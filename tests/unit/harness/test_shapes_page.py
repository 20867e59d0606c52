"""The page of tested shapes says what the tests say."""

from __future__ import annotations

from tests.harness.shapes import MATRIX, PAGE, SCRIPTS, SHAPES, page


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text() == page(), "run: PYTHONPATH=. python tests/harness/shapes.py"


def test_every_script_is_in_the_table_once() -> None:
    assert sorted({one.script for one in [*MATRIX, *SHAPES]}) == sorted(
        path.name for path in SCRIPTS.iterdir()
    )
