from __future__ import annotations

import pytest

from trainyard.chain.properties import expand, load


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("RUN=digits/1\n", {"RUN": "digits/1"}),
        ("a = b c \n", {"a": "b c "}),
        ("a: b\nc d\ne\n", {"a": "b", "c": "d", "e": ""}),
        ("# no\n! no\n\n  a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=one \\\n   two\n", {"a": "one two"}),
        ("a=x\\\\\nb=y\n", {"a": "x\\", "b": "y"}),
        ("a\\=b\\ c=d\\te\\u00fc\\q\n", {"a=b c": "d\teüq"}),
        ("a==b\n", {"a": "=b"}),
        ("a=1\na=2\n", {"a": "2"}),
        ("a=\\u12\n", {"a": "u12"}),
        ("a=1\\", {"a": "1"}),
        ("", {}),
    ],
)
def test_property_files_are_read_as_java_reads_them(text: str, values: dict[str, str]) -> None:
    assert load(text) == values


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$A ${A} $AB ${B.C} $$A", "1 1 $AB 2 $A"),
        ("$(A) ${A $ A$", "$(A) ${A $ A$"),
        ("$UNKNOWN", "$UNKNOWN"),
    ],
)
def test_variables_are_expanded_as_jenkins_expands_them(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1", "B.C": "2"}) == expanded
