from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.chain.walk import RepoJobs, walk
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\x1bb", "a\ud800b", "a\x85b"])
@pytest.mark.parametrize("field", ["url", "branch", "policy"])
def test_values_that_a_job_cannot_carry_are_refused_by_name(tmp_path: Path, field: str, value: str) -> None:
    repo = RepoJobs(**{"name": "wine", "url": "u", "branch": "main", field: value})
    with pytest.raises(TrainyardError, match=f"wine: {field} holds the character") as caught:
        walk(Home(tmp_path), repo, "job1-pull", {}, {}, say=pytest.fail)
    assert caught.value.code is ExitCode.BAD_CONFIG
    assert not list(tmp_path.iterdir())
