"""When remotes are looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from trainyard.watch.git_process import _reason
from trainyard.watch.heads import Heads, PollError
from trainyard.watch.poller import LONGEST_WAIT, HostPoller, Sight, backoff, host_of
from trainyard.watch.settings import RepoTable


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("/srv/git/a.git", ""),
        ("file:///srv/git/a.git", ""),
        ("https://github.com/o/r.git", "github.com"),
        ("https://bot@git.example.org:8443/r", "git.example.org:8443"),
        ("ssh://git@host:2222/r", "host:2222"),
        ("git@host:o/r.git", "host"),
    ],
)
def test_remotes_are_grouped_by_the_host_that_is_asked(url: str, host: str) -> None:
    assert host_of(url) == host


def test_backoff_doubles_up_to_five_minutes_and_never_falls_below_the_interval() -> None:
    waits = [backoff(n, 1.0, 1.0) for n in range(1, 12)]
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0] and waits[-1] == LONGEST_WAIT
    assert backoff(1, 1.0, 0.0) == 1.0 and backoff(10**6, 1.0, 0.0) == LONGEST_WAIT / 2


def run(host_answers: Sequence[PollError | None], remotes: int, looks: int) -> tuple[list[str], list[Sight]]:
    """Which remotes were asked, in order, where the host's n-th answer is `host_answers[n]`."""
    sights = [Sight(RepoTable(name=f"r{n}", url=f"https://h/{n}"), "h") for n in range(remotes)]
    asked: list[str] = []
    most = 0
    running = 0
    done = asyncio.Event()

    async def look(chosen: Sequence[Sight]) -> list[Heads | PollError]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        asked.append(chosen[0].repo.name)
        if len(asked) >= looks:
            done.set()
        answer = host_answers[len(asked) - 1] if len(asked) <= len(host_answers) else None
        return [answer or Heads({"main": "a" * 40})]

    async def seen(sight: Sight, heads: Heads, since: float) -> None:
        return None

    async def work() -> None:
        poller = asyncio.create_task(HostPoller(sights, 0.02, look, seen, lambda sight: None).run())
        await asyncio.wait_for(done.wait(), 30)
        poller.cancel()

    asyncio.run(work())
    assert most == 1, "one connection a host"
    return asked, sights


def test_all_remotes_of_a_host_are_asked_again_and_again() -> None:
    asked, _ = run([], remotes=5, looks=25)
    assert {asked.count(f"r{n}") for n in range(5)} <= {4, 5, 6}


def test_a_host_that_fails_is_asked_by_one_remote_alone_until_it_answers() -> None:
    down = PollError("no connection", host=True)
    asked, sights = run([None] * 4 + [down] * 3, remotes=4, looks=20)
    assert len(set(asked[4:8])) == 1, "the one that failed is the one that tries"
    assert set(asked[8:]) == {"r0", "r1", "r2", "r3"}
    assert not any(sight.error for sight in sights)


def test_a_repository_that_fails_does_not_slow_down_its_host() -> None:
    asked, _ = run([PollError("is not there")] * 1, remotes=2, looks=12)
    assert min(asked.count("r0"), asked.count("r1")) >= 4


def test_gits_reasons_tell_the_host_from_the_repository() -> None:
    assert _reason(
        "ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote"
    ).host
    assert _reason("fatal: unable to access 'https://h/': Could not resolve host: h").host
    gone = _reason("ERROR: Repository not found.\nfatal: Could not read from remote repository.")
    assert not gone.host and "Repository not found" in gone.message
