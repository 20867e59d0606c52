"""TOML of pushed code costs no more than it is worth."""

import pytest

from trainyard.toml import parse


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".".join(["a"] * 60_000) + " = 1", "too many parts"),
        ("a = {" + ".".join(["b"] * 60_000) + " = 1}", "too many parts"),
        ("a = " + "[" * 50_000, "nested too deeply"),
        ("a = " + "9" * 5000, "digits"),
        ("=", "Invalid"),
    ],
)
def test_what_is_wrong_or_endless_is_one_kind_of_error(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_long_lists_of_versions_are_read() -> None:
    listed = ", ".join(f'"package-{n}==1.2.{n}"' for n in range(1000))
    assert len(parse(f"dependencies = [{listed}]")["dependencies"]) == 1000
