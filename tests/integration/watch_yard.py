"""What the watcher's tests and benchmark share: pushes, Git servers, a Jenkins, the watcher as a process."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
STANDIN = TOP / "tests" / "provisioning" / "standin" / "server.py"
COMMAND = Path(sys.executable).with_name("trainyard")
_IDENTITY = ["-c", "user.name=Dev", "-c", "user.email=dev@localhost", "-c", "commit.gpgsign=false"]


def git(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        ["git", *_IDENTITY, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class Repo:
    """A bare repository that people push to, and their clone of it."""

    bare: Path
    clone: Path

    @classmethod
    def make(cls, folder: Path, name: str, *, log: bool = False) -> Repo:
        bare, clone = folder / f"{name}.git", folder / f"{name}.clone"
        git("init", "--quiet", "--bare", "--initial-branch=main", bare)
        git("config", "core.logAllRefUpdates", "always" if log else "false", cwd=bare)
        git("init", "--quiet", "--initial-branch=main", clone)
        return cls(bare, clone)

    def commit(self, message: str = "change", branch: str = "main") -> str:
        """An empty commit on top of what the clone has checked out."""
        git("commit", "--quiet", "--allow-empty", "--message", message, cwd=self.clone)
        return git("rev-parse", "HEAD", cwd=self.clone)

    def push(self, ref: str = "HEAD:refs/heads/main") -> None:
        git("push", "--quiet", "--force", self.bare, ref, cwd=self.clone)

    def pushed(self, message: str = "change", branch: str = "main") -> str:
        commit = self.commit(message)
        self.push(f"HEAD:refs/heads/{branch}")
        return commit


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 240.0) -> Any:
    """Waits for `true`; its value. Generous: a loaded machine is slow, and nothing here is about time."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return value


class Jenkins:
    """The stand-in with job1 and job6 of some repos. Their `trainyard` only writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.home, self.port, self.process = folder / "jenkins", free_port(), None
        self.calls_file = folder / "calls"
        self.calls_file.touch()
        (self.home / "plugins").mkdir(parents=True)
        for plugin in ("configuration-as-code", "parameterized-trigger", "timestamper"):
            (self.home / "plugins" / f"{plugin}.jpi").touch()
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.script("")
        (self.home / "jenkins.war").write_text("stand-in 2.568.1\n")
        # what the account of the hooks may on a real one: roles/jenkins
        (self.home / "casc.yaml").write_text(
            "jenkins:\n  numExecutors: 4\n"
            "  securityRealm: {local: {users: [{id: trigger, password: unused}]}}\n"
            "  authorizationStrategy: {globalMatrix: {entries: "
            "[{user: {name: trigger, permissions: [Overall/Read, Job/Read, Job/Build]}}]}}\n"
        )
        (self.home / "standin-tokens.json").write_text('{"trigger": {"1": "right-token"}}')
        self.token_file = folder / "token"
        self.token_file.write_text("right-token 1\n")
        self.token_file.chmod(0o600)

    def script(self, more: str) -> None:
        """What job1 and job6 run: notes time and arguments, NUL behind each, in one write; then `more`."""
        program = self.bin / "trainyard"
        program.write_text(
            f"#!/bin/sh\nprintf '%s\\0' \"$(date +%s.%N)\" \"$@\" '\n' >> {self.calls_file}\n{more}\n"
        )
        program.chmod(0o755)

    def load(self, *repos: str) -> None:
        from trainyard.chain.render import render

        for job in [job for repo in repos for job in render(repo, cache=self.home / "cache")]:
            path = self.home / "jobs" / job.name / "config.xml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(job.xml)

    def start(self) -> None:
        environment = {
            **os.environ,
            "JENKINS_HOME": str(self.home),
            "JENKINS_WAR": str(self.home / "jenkins.war"),
            "JENKINS_PORT": str(self.port),
            "JENKINS_LISTEN_ADDRESS": "127.0.0.1",
            "CASC_JENKINS_CONFIG": str(self.home / "casc.yaml"),
            "JAVA_OPTS": "-Djenkins.install.runSetupWizard=false",
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }
        self.process = subprocess.Popen(
            [sys.executable, str(STANDIN)], env=environment, stdout=subprocess.DEVNULL
        )
        until(lambda: self.answers() or self.process.poll() is not None)
        assert self.process.poll() is None, "the stand-in ended"

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def calls(self) -> list[tuple[float, dict[str, str]]]:
        """(when, options and verb) of every job1 and job6 that ran."""
        found = []
        for call in self.calls_file.read_bytes().split(b"\0\n\0")[:-1]:
            moment, verb, *options = call.decode("utf-8", "surrogateescape").split("\0")
            found.append(
                (float(moment), {"verb": verb, **dict(zip(options[::2], options[1::2], strict=True))})
            )
        return found

    def commits(self, repo: str) -> list[str]:
        """What job1 was started with, in order; a commit twice only where it ran twice."""
        return [
            c["--commit"]
            for _, c in self.calls()
            if c["verb"] == "pull" and c["--repo"] == repo and c["--commit"]
        ]


@dataclass
class Watcher:
    """`trainyard watch` as a process."""

    folder: Path
    jenkins: Jenkins | None
    repos: list[dict[str, Any]]
    interval: float = 0.2
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir(exist_ok=True)
        self.socket = self.folder / "hook"
        self.webhook_port, self.metrics_port = free_port(), free_port()
        self.log_file = self.folder / "watch.log"
        self.secret_file = self.folder / "secret"
        self.secret_file.write_text("s3cret\n")
        self.secret_file.chmod(0o600)
        (self.folder / "config.toml").touch()

    def configure(self) -> Path:
        lines = [f"interval = {self.interval}"]
        if self.jenkins:
            lines += ["[jenkins]", f'url = "http://127.0.0.1:{self.jenkins.port}"', 'user = "trigger"']
            lines += [f'token_file = "{self.jenkins.token_file}"']
        lines += ["[hook]", f'socket = "{self.socket}"']
        lines += [
            "[webhook]",
            f'listen = "127.0.0.1:{self.webhook_port}"',
            f'secret_file = "{self.secret_file}"',
        ]
        lines += ["[metrics]", f'listen = "127.0.0.1:{self.metrics_port}"']
        for repo in self.repos:
            lines += ["[[repos]]", *(f"{key} = {json.dumps(value)}" for key, value in repo.items())]
        path = self.folder / "watch.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self, *more: str) -> None:
        environment = {
            **os.environ,
            "TRAINYARD_HOME": str(self.home),
            "TRAINYARD_CONFIG": str(self.folder / "config.toml"),
            **self.environment,
        }
        arguments = ["watch", "--config", str(self.configure()), "--log", "json", *more]
        with self.log_file.open("ab") as log:
            began = log.tell()
            self.process = subprocess.Popen([str(COMMAND), *arguments], env=environment, stderr=log)
        until(lambda: b'"watching"' in self.log_file.read_bytes()[began:] or self.process.poll() is not None)
        assert self.process.poll() is None, self.log_file.read_text()

    def kill(self, number: int = signal.SIGKILL) -> int | None:
        if self.process is None:
            return None
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.process = None
        return code

    def events(self, message: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log_file.read_text().splitlines() if line.startswith("{"))
        return [line for line in lines if line["message"] == message]

    def view(self) -> dict[str, Any]:
        return json.loads((self.home / "watch" / "status.json").read_text())

    def remote(self, name: str) -> dict[str, Any]:
        return next(remote for remote in self.view()["remotes"] if remote["repo"] == name)

    def record(self, name: str) -> dict[str, Any]:
        return json.loads((self.home / "watch" / f"{name}.json").read_text())

    def settled(self, name: str) -> bool:
        """Nothing is owed any more."""
        path = self.home / "watch" / f"{name}.json"
        return path.exists() and not self.record(name)["waiting"]

    def hook(self, repo: str, commit: str, ref: str = "refs/heads/main") -> subprocess.CompletedProcess[str]:
        """What the post-receive hook of roles/git_server does."""
        fields = (f"repo={repo}", f"ref={ref}", f"commit={commit}")
        data = [part for item in fields for part in ("--data-urlencode", item)]
        return subprocess.run(
            ["curl", "--silent", "--max-time", "5", "--unix-socket", str(self.socket), *data,
             "--write-out", "%{http_code}", "http://watch/push"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def webhook(self, repo: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.webhook_port}/webhook/{repo}", data=body, headers=headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode().strip()

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=20) as answer:
            return answer.read().decode()


class GitHttp:
    """`git http-backend` behind an HTTP server that keeps connections, and counts them."""

    def __init__(self, folder: Path, login: str | None = None) -> None:
        self.connections = 0
        self.requests: list[str] = []
        self.refuse: tuple[int, dict[str, str]] | None = None
        """What every request is answered with instead."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def log_message(self, *_: object) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # a watcher that leaves awaits no answer
                    super().handle()

            def do_GET(self) -> None:
                self.serve()

            def do_POST(self) -> None:
                self.serve()

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append(f"{self.command} {self.path}")
                if outer.refuse:
                    return self.reply(outer.refuse[0], outer.refuse[1], b"")
                if login and self.headers.get("Authorization") != f"Basic {login}":
                    return self.reply(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
                path, _, query = self.path.partition("?")
                environment = {
                    **os.environ, "GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                }  # fmt: skip
                done = subprocess.run(
                    ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
                )
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head.decode(), re.M))
                self.reply(int(headers.pop("Status", "200")[:3]), headers, content)

            def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def git_daemon(folder: Path) -> Iterator[str]:
    """The URL of a `git daemon` over `folder`."""
    port = free_port()
    daemon = subprocess.Popen(
        ["git", "daemon", "--reuseaddr", "--export-all", f"--base-path={folder}", "--listen=127.0.0.1",
         f"--port={port}", str(folder)],
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield f"git://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()


def fake_ssh(folder: Path) -> Path:
    """An `ssh` that runs on this machine what it is asked to run on another."""
    program = folder / "ssh"
    program.write_text(
        '#!/bin/sh\n# the last argument is the command\nfor last; do :; done\nexec sh -c "$last"\n'
    )
    program.chmod(0o755)
    return program
