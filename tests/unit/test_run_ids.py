"""A run's id."""

from __future__ import annotations

import time

from trainyard.runs import store


def test_ids_sort_by_time_whatever_the_commits_are_called() -> None:
    commits = ("ffffffffff", "9999999999", "0000000000")
    ids = []
    for commit in commits:
        ids.append(store.new_id(commit))
        time.sleep(0.002)  # ids tell milliseconds apart
    assert ids == sorted(ids)


def test_an_id_is_plain_whatever_the_commit_is_called() -> None:
    assert store.new_id("content-../../x y").endswith("Z-xy")
    assert store.new_id("///").endswith("Z-unknown")
