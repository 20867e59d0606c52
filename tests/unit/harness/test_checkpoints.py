"""When a checkpoint is due inside an epoch: after EVERY seconds, never for more than SHARE of the time."""

import time
from pathlib import Path

import pytest

from trainyard_harness.checkpoints import EVERY, SHARE, Store


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


def test_the_newest_two_are_kept(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path)
    for number in range(1, 5):
        written(store, number, clock, seconds=0.0)
    assert [path.name[-8:-5] for path in sorted(tmp_path.glob("*.ckpt"))] == ["003", "004"]
    newest = store.newest(0)
    assert newest is not None
    assert newest[0] == {"number": 4}
