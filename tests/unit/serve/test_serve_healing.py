"""Who answers, who comes back, who is given up; decided with workers that only pretend."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from trainyard.config import HealingTable, HostConfig
from trainyard.exits import ExitCode, TrainyardError
from trainyard.home import Home
from trainyard.runs.atomic import locked
from trainyard.runs.files import Metric, Split
from trainyard.runs.state import timestamp
from trainyard.serve import safety, served, view
from trainyard.serve.answers import Answer, AnswerError
from trainyard.serve.channel import ChannelError
from trainyard.serve.served import STEADY_SECONDS, Patience, Served
from trainyard.verbs.context import Context
from trainyard.verbs.finish import Champion

METRIC = Metric(name="accuracy", value=0.9, split=Split.TEST, origin="x")
CONFIG = HostConfig(healing=HealingTable(deaths=3, pause=0.01))


def champion(run: str) -> Champion:
    return Champion(
        schema=1, run=run, trial=0, commit="c", metric=METRIC, direction="max", model="m", image="i/i:1",
        executor="process",
    )  # fmt: skip


class Pretend:
    """A worker. `Pretend.broken`: runs whose model cannot be loaded, and what it raises."""

    broken: dict[str, Exception] = {}  # noqa: RUF012 - reset by each test
    made: list[Pretend] = []  # noqa: RUF012

    def __init__(self, home: Home, config: HostConfig, repo: str, champion: Champion) -> None:
        self.champion, self.name, self.lived = champion, f"serve-{repo}-{len(self.made)}", 0.0
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.stopped, self.turn = False, asyncio.Lock()
        self.made.append(self)

    @property
    def lives(self) -> bool:
        return not self.end.done()

    async def start(self) -> None:
        if self.champion.run in self.broken:
            raise self.broken[self.champion.run]

    async def ask(self, body: bytes, samples: int, seconds: float) -> Answer:
        async with self.turn:
            await asyncio.sleep(0.01)
            assert not self.stopped
            return Answer(predictions=[self.champion.run])

    async def check(self, seconds: float) -> None:
        pass

    async def why(self) -> str:
        return self.end.result()

    async def retire(self) -> None:
        async with self.turn:
            await self.stop()

    async def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> One:
    monkeypatch.setattr(served, "Worker", Pretend)
    monkeypatch.setattr(Pretend, "broken", {})
    monkeypatch.setattr(Pretend, "made", [])
    return One(tmp_path)


class One:
    """A repo's `Served`, and what was announced of it."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.served = Served(
            Home(folder), "digits", lambda: CONFIG, lambda *_: None, lambda _, what: self.said.append(what)
        )

    async def until(self, true: object) -> None:
        async with asyncio.timeout(60):
            while not true():  # type: ignore[operator]
                await asyncio.sleep(0.005)

    async def answer(self) -> str:
        return str((await self.served.ask(b"", 1, 60)).predictions[0])

    def play(self, script: object) -> None:
        async def go() -> None:
            self.served.want(champion("first"))
            keeping = asyncio.create_task(self.served.keep())
            await script()  # type: ignore[operator]
            keeping.cancel()
            await asyncio.wait({keeping})
            await self.served.close()
            assert all(worker.stopped for worker in Pretend.made), "nothing is left"

        asyncio.run(go())


def test_a_death_is_forgiven_once_then_waited_after_and_in_the_end_given_up() -> None:
    patience = Patience(HealingTable(deaths=4, pause=10))
    pauses = []
    for _ in range(4):
        assert not patience.given_up
        patience.died(1.0, 100.0)
        pauses.append(patience.due - 100.0)
    assert pauses == [0, 10, 20, 40] and patience.given_up
    patience.died(STEADY_SECONDS, 100.0)
    assert (patience.due, patience.given_up) == (100.0, False), "who lived long died of something else"


def test_a_new_champion_takes_over_when_it_is_loaded_and_the_old_one_finishes_its_answers(one: One) -> None:
    async def script() -> None:
        await one.until(lambda: one.served.worker)
        [old] = Pretend.made
        asked = [asyncio.create_task(one.answer()) for _ in range(20)]
        await asyncio.sleep(0)
        one.served.want(champion("second"))
        await one.until(lambda: one.served.worker is not old)
        assert await one.answer() == "second"
        assert await asyncio.gather(*asked) == ["first"] * 20
        await one.until(lambda: old.stopped)

    one.play(script)


def test_a_champion_that_cannot_be_loaded_is_given_up_and_said_and_the_old_one_goes_on(one: One) -> None:
    async def script() -> None:
        await one.until(lambda: one.served.worker)
        Pretend.broken["second"] = ChannelError("no such layer")
        one.served.want(champion("second"))
        await one.until(lambda: one.said)
        assert await one.answer() == "first"
        [said] = one.said
        assert "second was given up after 3 deaths" in said and "no such layer" in said
        assert "first goes on serving" in said
        assert one.served.worker is not None
        one.served.worker.end.set_result("it ended")
        await one.until(lambda: len(Pretend.made) == 5 and one.served.worker is Pretend.made[-1])
        assert await one.answer() == "first", "it comes back too"
        one.served.want(champion("third"))
        await one.until(lambda: one.served.worker and one.served.worker.champion.run == "third")

    one.play(script)


def test_what_died_comes_back_until_it_has_died_too_often(one: One) -> None:
    async def script() -> None:
        for deaths in range(3):
            await one.until(lambda deaths=deaths: len(Pretend.made) == deaths + 1 and one.served.worker)
            assert await one.answer() == "first"
            Pretend.made[-1].end.set_result("SIGKILL")
        await one.until(lambda: one.said)
        assert (one.served.state, one.served.restarts) == ("given up", 3)
        with pytest.raises(AnswerError, match="given up"):
            await one.answer()

    one.play(script)


def test_a_host_without_an_engine_is_no_fault_of_the_model(one: One, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "_HOST_SECONDS", 0.001)

    async def script() -> None:
        Pretend.broken["first"] = TrainyardError(ExitCode.NO_EXECUTOR, "No engine.")
        await one.until(lambda: len(Pretend.made) > 5)
        assert one.served.state in ("waiting", "loading") and one.said == []
        Pretend.broken.clear()
        await one.until(lambda: one.served.worker)
        assert (one.served.trouble, one.served.restarts) == ("", 0)

    one.play(script)


def shown(home: Home, *, stopped: bool = False, worker: str | None = "serve-digits-0") -> None:
    home.serve.mkdir(exist_ok=True)
    model = view.ModelView(
        repo="digits", run="digits/1", trial=0, metric=METRIC, state="serving" if worker else "given up",
        trouble="" if worker else "it ended.", requests=3, errors=0, restarts=1, executor="process",
        worker=worker,
    )  # fmt: skip
    listen = "127.0.0.1:8501"
    now = timestamp()
    view.write(home, view.View(started=now, written=now, listen=listen, stopped=stopped, models=[model]))


def test_job6_finds_what_the_service_does_not_see_and_asks_it_to_look(tmp_path: Path) -> None:
    home = Home(tmp_path)
    context = Context(home, HostConfig(), lambda _: None)
    assert safety.look(context, None) == [], "it never ran"
    shown(home, stopped=True)
    assert safety.look(context, None) == [], "it was told to end"
    shown(home)
    [trouble] = safety.look(context, "digits")
    assert "the service died" in trouble.action
    assert safety.look(context, "other") == []
    with locked(home.serve / "lock", "test"):
        [trouble] = safety.look(context, None)
        assert "its container died" in trouble.action and (home.serve / safety.AGAIN).exists()
        shown(home, worker=None)
        [trouble] = safety.look(context, None)
        assert trouble.action == "is not served: given up: it ended."


def test_people_see_what_is_served_and_where(tmp_path: Path) -> None:
    home = Home(tmp_path)
    shown(home)
    found, alive = view.read(home)
    assert found is not None and not alive
    assert view.lines(found, alive)[0].startswith("serving: NOT RUNNING since")
    with locked(home.serve / "lock", "test"):
        head, columns, row = view.lines(*view.read(home))  # type: ignore[arg-type]
        assert "http://127.0.0.1:8501" in head and columns.split()[0] == "SERVED"
        assert row.split() == ["digits", "1", "accuracy", "0.9000", "3", "0", "1"]
        assert view.url(home, "digits", "digits/1") == "http://127.0.0.1:8501/v1/models/digits:predict"
        assert view.url(home, "digits", "digits/0") is None
    assert view.url(home, "digits", "digits/1") is None
