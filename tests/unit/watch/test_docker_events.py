"""Which deaths start job6."""

from __future__ import annotations

import pytest

from trainyard.watch.docker_events import repo_of

HOME = "/var/lib/trainyard"


@pytest.mark.parametrize(
    ("code", "repo"),
    [*((code, "digits") for code in ("137", "143", "4", "")), *((code, None) for code in ("0", "1", "3"))],
)
def test_a_death_from_outside_starts_job6_of_its_repo_and_an_end_of_its_own_does_not(
    code: str, repo: str | None
) -> None:
    attributes = {"trainyard.home": HOME, "trainyard.run": "digits/20261121T203012Z-4f", "exitCode": code}
    assert repo_of(attributes, HOME) == repo
    assert repo_of({**attributes, "trainyard.home": "/other"}, HOME) is None


def test_containers_of_others_are_none_of_ours() -> None:
    assert repo_of({"exitCode": "137"}, HOME) is None
    assert repo_of({"trainyard.home": HOME, "trainyard.run": "x", "exitCode": "137"}, HOME) is None
