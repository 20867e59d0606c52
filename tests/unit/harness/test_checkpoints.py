"""Checkpoints are whole or nothing, two are kept, and one is due where it is wanted and affordable."""

import time
from pathlib import Path

import numpy as np
import pytest

from trainyard_harness.checkpoints import EVERY, SHARE, Store, pack, unpack


class Clock:
    """A monotonic clock that goes on only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    return clock


def written(store: Store, number: int, clock: Clock, seconds: float) -> None:
    def make() -> tuple[dict[str, int], list[object]]:
        clock.now += seconds
        return {"number": number}, []

    store.write(0, number, make)


def test_a_checkpoint_comes_back_whole_or_not_at_all() -> None:
    arrays = [np.arange(5), np.float32(2.5), np.zeros((0, 3))]
    data = pack({"epoch": 3}, arrays)
    state, again = unpack(data)
    assert state == {"epoch": 3}
    assert all(
        (one == other).all() and one.shape == other.shape
        for one, other in zip(map(np.asarray, arrays), again, strict=True)
    )
    for torn in (b"", data[:-1], data[:40], data + b"x", data[:-9] + b"\0" + data[-8:]):
        with pytest.raises(ValueError):
            unpack(torn)


def test_two_checkpoints_are_kept_and_the_newest_whole_one_is_found(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path)
    store.belongs_to("a")
    for number in range(4):
        written(store, number, clock, seconds=0.0)
    files = sorted(tmp_path.glob("fit-*"))
    assert [path.name[-8:-5] for path in files] == ["002", "003"]
    newest = store.newest(0)
    assert newest is not None
    assert newest[0] == {"number": 3}
    files[-1].write_bytes(b"torn")
    whole = Store(tmp_path).newest(0)
    assert whole is not None
    assert whole[0] == {"number": 2}
    again = Store(tmp_path)
    again.belongs_to("b")
    assert again.newest(0) is None


def test_checkpoints_are_not_affordable_beyond_their_share(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path)
    began = clock.now
    assert not store.affordable()
    clock.now += 10.0
    count = 0
    while clock.now - began < 1000:
        if store.affordable():
            written(store, count, clock, seconds=1.0)
            count += 1
        clock.now += 0.5
    assert SHARE * 0.7 < count / (clock.now - began) <= SHARE


def test_one_is_due_after_so_many_seconds_and_again_after_as_many(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path)
    clock.now += EVERY - 0.1
    assert not store.due()
    clock.now += 0.2
    assert store.due()
    written(store, 1, clock, seconds=0.1)
    assert not store.due()
    clock.now += EVERY + 0.1
    assert store.due()


def test_one_that_costs_too_much_waits_until_its_share_is_earned(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path)
    clock.now += EVERY
    written(store, 1, clock, seconds=3.0)
    began = clock.now
    while not store.due():
        clock.now += 1.0
        assert clock.now < began + 1000
    spent, expected = 3.0, 0.5 * 0.01 + 0.5 * 3.0
    assert clock.now - 1000.0 == pytest.approx((spent + expected) / SHARE, abs=1.0)
