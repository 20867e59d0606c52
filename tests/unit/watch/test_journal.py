"""What the watcher owes, whatever it sees."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from trainyard.watch.heads import Heads, judge, prefixes, wanted
from trainyard.watch.journal import Book, Record, looked, told

A, B, C = "a" * 40, "b" * 40, "c" * 40
COMMITS = st.sampled_from([f"{n:x}" * 40 for n in range(1, 9)])
BRANCHES = st.sampled_from(["main", "exp/1", "exp/2"])


def commits(record: Record) -> list[str]:
    return [push.commit for push in record.waiting]


def test_the_first_look_starts_named_branches_and_only_notes_those_that_match_a_pattern() -> None:
    record = Record(url="u")
    looked(record, Heads({"main": A, "exp/1": B}), ("main", "exp/*"), 0.0)
    assert commits(record) == [A]
    looked(record, Heads({"main": A, "exp/1": C}), ("main", "exp/*"), 0.0)
    assert commits(record) == [A, C]


def test_heads_between_two_looks_are_started_in_their_order() -> None:
    record = Record(url="u", seen=True, heads={"main": A}, known=[A])
    looked(record, Heads({"main": C}, {"main": [B, C]}), ("main",), 0.0)
    assert commits(record) == [B, C]


def test_a_hook_that_comes_late_does_not_set_the_head_back() -> None:
    record = Record(url="u", seen=True, heads={"main": A}, known=[A])
    looked(record, Heads({"main": C}), ("main",), 0.0)
    assert told(record, "main", B, "hook") is not None
    assert looked(record, Heads({"main": C}), ("main",), 0.0) == []
    assert commits(record) == [C, B]


@given(
    st.lists(
        st.one_of(st.tuples(BRANCHES, COMMITS), st.dictionaries(BRANCHES, COMMITS, max_size=3)), max_size=30
    )
)
def test_whatever_is_seen_and_told_every_commit_is_owed_exactly_once(events: list[object]) -> None:
    record, shown = Record(url="u", seen=True), set()
    for event in events:
        if isinstance(event, tuple):
            told(record, *event, "hook")
            shown.add(event[1])
        else:
            assert isinstance(event, dict)
            looked(record, Heads(event), ("main", "exp/*"), 0.0)
            shown |= set(event.values())
            assert record.heads == event
    assert sorted(commits(record)) == sorted(shown)


def test_a_book_survives_its_process_and_a_torn_one_is_set_aside(tmp_path: Path) -> None:
    book = Book(tmp_path, "r", "u")
    told(book.record, "main", A, "hook")
    book.save()
    again = Book(tmp_path, "r", "u")
    assert commits(again.record) == [A] and told(again.record, "main", A, "hook") is None
    assert Book(tmp_path, "r", "another url").record.known == []
    (tmp_path / "r.json").write_bytes((tmp_path / "r.json").read_bytes()[:30])
    torn = Book(tmp_path, "r", "u")
    assert "r.json" in torn.torn and not torn.record.seen
    assert (tmp_path / "r.torn").exists()


def test_branch_patterns() -> None:
    patterns = ("main", "exp/*", "!exp/wip-*")
    chosen = [b for b in ("main", "mainly", "exp/1", "exp/a/b", "exp/wip-1", "x") if wanted(b, patterns)]
    assert chosen == ["main", "exp/1", "exp/a/b"]
    assert not wanted("trainyard/20261121T203012Z-4f1c", ("*",)), "what Trainyard gave back trains nothing"
    assert prefixes(patterns) == ["refs/heads/exp/", "refs/heads/main"]
    assert "no branch main or exp/*" in judge({"refs/heads/x": A, "refs/tags/main": A}, patterns).remark
