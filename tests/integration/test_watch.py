"""The watcher with real Git servers, a stand-in for Jenkins, and real SIGKILLs."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.watch_yard import GitHttp, Jenkins, Repo, Watcher, fake_ssh, git, git_daemon, until

Make = Callable[..., Watcher]


@pytest.fixture
def jenkins(tmp_path: Path) -> Iterator[Jenkins]:
    jenkins = Jenkins(tmp_path)
    jenkins.start()
    yield jenkins
    jenkins.kill()


@pytest.fixture
def watch(tmp_path: Path, jenkins: Jenkins) -> Iterator[Make]:
    """Makes and starts watchers of repos given as `name=url` or `name={...}`."""
    made: list[Watcher] = []

    def make(interval: float = 0.2, environment: dict[str, str] | None = None, **repos: Any) -> Watcher:
        rows = [
            {"name": name, **(value if isinstance(value, dict) else {"url": str(value)})}
            for name, value in repos.items()
        ]
        jenkins.load(*repos)
        watcher = Watcher(tmp_path, jenkins, rows, interval, environment or {})
        made.append(watcher)
        watcher.start()
        return watcher

    yield make
    for watcher in made:
        watcher.kill()


def test_every_kind_of_remote_starts_job1_once_per_push(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    repos = {name: Repo.make(tmp_path, name) for name in ("file", "http", "daemon", "ssh")}
    commits = {name: [repo.pushed("first")] for name, repo in repos.items()}
    server = GitHttp(tmp_path)
    with git_daemon(tmp_path) as daemon, contextlib.closing(server):
        watcher = watch(
            file=repos["file"].bare.as_uri(),
            http=f"{server.url}/http.git",
            daemon=f"{daemon}/daemon.git",
            ssh=f"ssh://nowhere.example{repos['ssh'].bare}",
            environment={"GIT_SSH_COMMAND": str(fake_ssh(tmp_path))},
        )
        for _ in range(2):
            for name in repos:
                until(
                    lambda name=name: (
                        len(jenkins.commits(name)) == len(commits[name]) and watcher.settled(name)
                    )
                )
            for name, repo in repos.items():
                commits[name].append(repo.pushed())
        for name in repos:
            until(lambda name=name: jenkins.commits(name) == commits[name])
        until(lambda: server.requests.count("POST /http.git/git-upload-pack") > 10)
        assert server.connections == 1, "one kept connection a host"
        until(lambda: watcher.remote("http")["heads"] == {"main": commits["http"][-1]})


def test_a_local_repository_with_a_log_gives_every_head_even_those_pushed_while_nobody_watched(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    repo = Repo.make(tmp_path, "logged", log=True)
    commits = [repo.pushed()]
    watcher = watch(logged=repo.bare)
    until(lambda: watcher.settled("logged"))
    watcher.kill()
    commits += [repo.pushed(f"push {n}") for n in range(5)]
    watcher.start()
    until(lambda: len(jenkins.commits("logged")) == 6)
    assert set(jenkins.commits("logged")) == set(commits)


def test_no_push_is_lost_and_none_started_twice_while_watcher_and_jenkins_are_killed(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    """A job1 that starts twice for one commit is harmless (`pull` knows it), a push without one is not."""
    chance = random.Random(7)
    repos = {name: Repo.make(tmp_path, name, log=True) for name in ("a", "b", "c")}
    pushed: dict[str, list[str]] = {name: [repo.pushed()] for name, repo in repos.items()}
    watcher = watch(**{name: repo.bare for name, repo in repos.items()})
    for name in repos:
        until(lambda name=name: watcher.settled(name))

    def push() -> None:
        for _ in range(8):
            for name, repo in repos.items():
                commit = repo.pushed()
                pushed[name].append(commit)
                if chance.random() < 0.5:  # the others are left to polling
                    watcher.hook(name, commit)
            time.sleep(0.1)

    pusher = threading.Thread(target=push)
    pusher.start()
    for _ in range(6):
        time.sleep(chance.uniform(0.1, 0.6))
        watcher.kill()
        if chance.random() < 0.5:
            jenkins.kill()
            jenkins.start()
        watcher.start()
    pusher.join()
    for name, commits in pushed.items():
        until(lambda name=name, commits=commits: set(commits) <= set(jenkins.commits(name)))
        until(lambda name=name: watcher.settled(name))
        assert set(jenkins.commits(name)) == set(commits)


def test_undisturbed_no_commit_starts_job1_twice_though_hook_webhook_and_polling_all_see_it(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    repo = Repo.make(tmp_path, "one")
    commits = [repo.pushed()]
    watcher = watch(one=repo.bare, interval=0.1)
    until(lambda: watcher.settled("one"))
    for n in range(5):
        commits.append(repo.pushed(f"push {n}"))
        assert watcher.hook("one", commits[-1]).stdout.endswith("202")
        watcher.webhook("one", *github(commits[-1], str(n)))
        watcher.webhook("one", *github(commits[-1], str(n)))
    until(lambda: watcher.settled("one"))
    time.sleep(0.5)
    assert Counter(jenkins.commits("one")) == Counter(commits)
    watcher.kill(signal.SIGTERM)
    watcher.start()
    time.sleep(0.5)
    assert Counter(jenkins.commits("one")) == Counter(commits)


def test_a_jenkins_that_forgot_its_queue_is_asked_again(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    go = tmp_path / "go"
    jenkins.script(f"while [ ! -e {go} ]; do sleep 0.1; done")  # so the second push waits in the queue
    repo = Repo.make(tmp_path, "slow")
    first = repo.pushed()
    watcher = watch(slow=repo.bare)
    until(lambda: jenkins.commits("slow") == [first])
    second = repo.pushed()
    until(lambda: [push["item"] for push in watcher.record("slow")["waiting"]] not in ([], [1], [1, None]))
    jenkins.kill()
    go.touch()
    jenkins.start()
    until(lambda: watcher.settled("slow"))
    assert set(jenkins.commits("slow")) == {first, second}


def test_forced_pushes_deleted_and_filtered_branches_and_empty_repositories(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    repo, empty = Repo.make(tmp_path, "repo"), Repo.make(tmp_path, "empty")
    first = repo.pushed()
    repo.push("HEAD:refs/heads/exp/old")
    watcher = watch(
        repo={"url": str(repo.bare), "branches": ["main", "exp/*", "!exp/wip-*"]}, empty=str(empty.bare)
    )
    until(lambda: watcher.settled("repo"))
    assert jenkins.commits("repo") == [first], (
        "branches that only match a pattern start nothing at first sight"
    )
    until(lambda: "has no branch main" in watcher.remote("empty")["remark"])
    wip = repo.pushed(branch="exp/wip-1")
    new = repo.pushed(branch="exp/new")
    until(lambda: new in jenkins.commits("repo"))
    git("checkout", "--quiet", "--orphan", "other", cwd=repo.clone)
    forced = repo.pushed("rewritten")
    until(lambda: forced in jenkins.commits("repo"))
    git("branch", "-D", "exp/new", cwd=repo.bare)
    until(lambda: watcher.events("branch deleted"))
    assert wip not in jenkins.commits("repo")
    begun = empty.pushed()
    until(lambda: jenkins.commits("empty") == [begun])
    branches = [call["--branch"] for _, call in jenkins.calls() if call.get("--repo") == "repo"]
    assert branches == ["main", "exp/new", "main"]


def test_a_host_that_limits_the_rate_is_left_alone_and_this_is_said(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    server = GitHttp(tmp_path)
    with contextlib.closing(server):
        for name in ("x", "y"):
            Repo.make(tmp_path, name).pushed()
        server.refuse = (429, {"Retry-After": "2"})
        watcher = watch(x=f"{server.url}/x.git", y=f"{server.url}/y.git", interval=0.1)
        until(lambda: (tmp_path / "home/watch/status.json").exists() and watcher.remote("y")["error"])
        assert "limits the rate (HTTP 429)" in watcher.remote("x")["error"]
        asked = len(server.requests)
        time.sleep(1.0)
        assert len(server.requests) - asked <= 1, "no remote of that host is asked in the meantime"
        server.refuse = None
        until(lambda: jenkins.commits("x") and jenkins.commits("y"))
        until(lambda: not watcher.remote("x")["error"] and not watcher.remote("y")["error"])


def test_a_remote_that_wants_a_login_gets_what_the_credential_helper_knows(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    server = GitHttp(tmp_path, login=base64.b64encode(b"bot:pass word").decode())
    with contextlib.closing(server):
        commit = Repo.make(tmp_path, "private").pushed()
        store = tmp_path / "credentials"
        store.write_text(f"{server.url.replace('://', '://bot:pass%20word@')}\n")
        config = tmp_path / "gitconfig"
        config.write_text(f'[credential]\n\thelper = store --file="{store}"\n')
        watcher = watch(private=f"{server.url}/private.git", environment={"GIT_CONFIG_GLOBAL": str(config)})
        until(lambda: jenkins.commits("private") == [commit])
        assert b"pass" not in watcher.log_file.read_bytes()


def test_a_wrong_token_and_missing_jobs_are_said_and_mended_without_a_restart(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    jenkins.token_file.write_text("wrong-token 1\n")
    repo = Repo.make(tmp_path, "repo")
    commit = repo.pushed()
    watcher = watch(repo=repo.bare)
    until(lambda: watcher.events("not started"))
    until(lambda: "Jenkins does not take" in watcher.view()["trigger_error"])
    jenkins.token_file.write_text("right-token 1\n")
    until(lambda: jenkins.commits("repo") == [commit])
    assert b"-token" not in watcher.log_file.read_bytes()


def test_names_that_mean_something_to_a_shell_reach_job1_as_they_are(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    repo = Repo.make(tmp_path, "names")
    bad = tmp_path / "hacked"
    names = [
        "a;touch${IFS}hacked", "$(touch${IFS}hacked)", "`touch${IFS}hacked`", "a|b&c", "--upload-pack=touch",
        "x'y\"z", "a%0Ab", "#!", "ünïcödé", "a=b", "<script>", "{{repo}}", "$BRANCH", "!important", "a" * 200,
    ]  # fmt: skip
    watcher = watch(names={"url": str(repo.bare), "branches": ["*"]})
    until((tmp_path / "home/watch/names.json").exists)
    pushed = {}
    for n, name in enumerate(names):
        message = f"$(touch {bad}) `touch {bad}` \x1b[31m;\n\n--x {n}"
        pushed[name] = repo.commit(message)
        git("push", "--quiet", repo.bare, f"HEAD:refs/heads/{name}", cwd=repo.clone, GIT_AUTHOR_NAME="$(id)")
    until(lambda: set(jenkins.commits("names")) == set(pushed.values()))
    got = {call["--commit"]: call["--branch"] for _, call in jenkins.calls()}
    assert got == {commit: name for name, commit in pushed.items()}
    assert not list(tmp_path.rglob("hacked"))
    assert b"\x1b" not in watcher.log_file.read_bytes()


# --- webhooks: bodies as the providers send them, cut down to what is telling


def github(
    commit: str, delivery: str = "", secret: bytes = b"s3cret", **more: Any
) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(
        {
            "ref": "refs/heads/main", "before": "0" * 40, "after": commit, "created": False, "deleted": False,
            "forced": False, "base_ref": None, "compare": "https://github.com/o/r/compare/a...b",
            "commits": [{"id": commit, "message": "$(id)", "author": {"name": "D", "email": "d@x"}}],
            "head_commit": {"id": commit}, "pusher": {"name": "d", "email": "d@x"},
            "repository": {"id": 1, "full_name": "o/r", "clone_url": "https://github.com/o/r.git"},
            **more,
        }
    ).encode()  # fmt: skip
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/1", "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery or hashlib.sha1(body).hexdigest(),
        "X-Hub-Signature-256": f"sha256={signature}",
    }  # fmt: skip
    return body, headers


def gitlab(commit: str, secret: bytes = b"s3cret") -> tuple[bytes, dict[str, str]]:
    body = json.dumps(
        {
            "object_kind": "push", "event_name": "push", "before": "0" * 40, "after": commit,
            "ref": "refs/heads/main", "ref_protected": True, "checkout_sha": commit, "user_id": 4,
            "project": {"id": 15, "git_http_url": "https://gitlab.com/o/r.git"}, "total_commits_count": 1,
        }
    ).encode()  # fmt: skip
    return body, {
        "Content-Type": "application/json", "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret.decode(),
        "X-Gitlab-Event-UUID": commit,
    }  # fmt: skip


def gitea(commit: str, secret: bytes = b"s3cret", name: str = "Gitea") -> tuple[bytes, dict[str, str]]:
    """Gitea sends GitHub's and Gogs' headers as well; Forgejo those of all three."""
    body, headers = github(commit, commit, secret)
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    names = {"Gogs", "Gitea", name}
    headers |= {f"X-{one}-Signature": signature for one in names} | {
        f"X-{one}-Event": "push" for one in names
    }
    return body, headers | {f"X-{one}-Delivery": commit for one in names}


def forgejo(commit: str, secret: bytes = b"s3cret") -> tuple[bytes, dict[str, str]]:
    return gitea(commit, secret, "Forgejo")


def test_signed_webhooks_of_all_providers_start_job1_and_nothing_else_does(
    tmp_path: Path, jenkins: Jenkins, watch: Make
) -> None:
    # never pushed anywhere: what starts job1 here can only be the webhook
    repo = Repo.make(tmp_path, "hooked")
    watcher = watch(hooked=repo.bare)
    right = {}
    for n, make in enumerate((github, gitlab, gitea, forgejo)):
        commit = f"{n + 1}" * 40
        assert watcher.webhook("hooked", *make(commit, secret=b"guess"))[0] == 401
        body, headers = make(commit)
        unsigned = {k: v for k, v in headers.items() if "Signature" not in k and k != "X-Gitlab-Token"}
        assert watcher.webhook("hooked", body, unsigned) == (401, "not signed")
        if make is not gitlab:  # whose token does not depend on the body
            assert watcher.webhook("hooked", body.replace(b"main", b"mine"), headers)[0] == 401
        assert watcher.webhook("nowhere", body, headers)[0] == 404
        assert watcher.webhook("hooked", body, headers) == (202, "started")
        assert watcher.webhook("hooked", body, headers) == (200, "repeated")
        right[commit] = make
    assert watcher.webhook("hooked", *github("a" * 40, "ping", zen="x"))[0] == 202
    for body, wanted in (
        (github("0" * 40, deleted=True), (200, "deleted")),
        (github("b" * 40, ref="refs/tags/v1"), (200, "ignored")),
        (github("b" * 40, ref="refs/heads/other"), (200, "other branch")),
        (github("b; id"), (400, "no branch and commit")),
        (github("b" * 40, ref="refs/heads/a\nb"), (400, "no branch and commit")),
        (github("b" * 40, ref=["refs/heads/main"]), (400, "not a push in JSON")),
    ):
        assert watcher.webhook("hooked", *body) == wanted
    large = b" " * (6 * 2**20)
    with contextlib.suppress(OSError):  # it may hang up in the middle of it
        assert watcher.webhook("hooked", large, github("c" * 40)[1])[0] == 413
    until(lambda: len(jenkins.commits("hooked")) == 5)
    assert set(jenkins.commits("hooked")) == {*right, "a" * 40}
    assert b"s3cret" not in watcher.log_file.read_bytes()
    assert 'trainyard_webhooks_total{result="refused_401"}' in watcher.metrics()


def test_status_and_metrics_tell_what_the_watcher_sees(
    tmp_path: Path, jenkins: Jenkins, watch: Make, make_yard: Callable[..., Any]
) -> None:
    repo = Repo.make(tmp_path, "seen")
    commit = repo.pushed()
    watcher = watch(seen=repo.bare, gone=tmp_path / "gone.git")
    until(lambda: watcher.settled("seen"))
    until(lambda: watcher.remote("seen")["heads"] and watcher.remote("gone")["error"])
    yard = make_yard("process", home=watcher.home)
    shown = yard("status", "--watch").out
    assert (
        "watcher: running" in shown and f"main:{commit[:10]}" in shown and "is not a Git repository" in shown
    )
    page = watcher.metrics()
    assert 'trainyard_push_to_trigger_seconds_count{source="poll"} 1.0' in page
    assert "trainyard_remotes 2.0" in page and "trainyard_remotes_failing 1.0" in page
    assert watcher.kill(signal.SIGTERM) == 0
    assert "watcher: NOT RUNNING" in yard("status", "--watch").out
    assert yard("status", "--watch", "--json").json["running"] is False


def test_a_second_watcher_of_one_state_home_is_refused(tmp_path: Path, watch: Make) -> None:
    watcher = watch()
    other = Watcher(tmp_path, None, [])
    with pytest.raises(AssertionError, match="worked on by another"):
        other.start("--local")
    assert watcher.process.poll() is None
