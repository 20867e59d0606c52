"""The network `datasets` from the inside: real containers, and a host of datasets on this machine."""

from __future__ import annotations

import http.server
import json
import os
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from trainyard.executors.base import Limits, Status, Training
from trainyard.executors.docker import DockerExecutor

pytestmark = pytest.mark.docker

FETCH = """
import json, os, socket, ssl, urllib.error, urllib.request
CACHE = os.environ["KERAS_HOME"]
def fetch(url, **more):
    try:
        request = urllib.request.Request(url, **more)
        with urllib.request.urlopen(request, context=ssl._create_unverified_context()) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError as error:
        return f"failed: {error}"
def get(url):
    path = CACHE + "/" + url.rpartition("/")[2]
    if not os.path.exists(path):
        os.makedirs(CACHE, exist_ok=True)
        text = fetch(url)
        open(path, "w").write(text)
    return open(path).read()
"""


class Host(http.server.ThreadingHTTPServer):
    """A host of datasets. What it was asked for is in `asked`."""

    daemon_threads = True

    def __init__(self, address: str, secured: Path | None = None) -> None:
        super().__init__((address, 0), _Handler)
        self.asked: list[str] = []
        self.go = threading.Event()
        self.go.set()
        if secured is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(secured / "cert.pem", secured / "key.pem")
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def where(self) -> str:
        return f"{self.server_address[0]}:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.go.wait(60)
        body = f"data of {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[dict[str, Host]]:
    """One listed over HTTP, one over HTTPS, and this machine's other services."""
    openssl = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=datasets",
        "-days",
        "2",
    ]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*openssl, *files], check=True, capture_output=True)
    made = {"http": Host("127.0.0.2"), "https": Host("127.0.0.2", tmp_path), "other": Host("0.0.0.0")}
    yield made
    for host in made.values():
        host.go.set()
        host.shutdown()
        host.server_close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datasets-home")


@pytest.fixture(scope="module")
def image(home: Path) -> str:
    return DockerExecutor(home).prepare("base", None, print)


class Repo:
    """Trainings of one repo in the sandbox."""

    def __init__(self, home: Path, image: str, hosts: dict[str, Host], folder: Path, name: str) -> None:
        self.executor, self.image = DockerExecutor(home), image
        self.name = f"test-{os.getpid()}-{folder.name}-{name}"
        self.folder = folder / name
        self.limits = Limits(
            memory=256 * 2**20, disk=64 * 2**20, network="datasets", cache=f"{folder.name}-{name}",
            hosts=(hosts["http"].where, hosts["https"].where), networks=("127.0.0.0/8",),
        )  # fmt: skip

    def training(self, code: str) -> Training:
        package = self.folder / "source" / "trainyard_harness"
        for path in (package, self.folder / "trial"):
            path.mkdir(parents=True, exist_ok=True)
        (package / "__main__.py").write_text(FETCH + code)
        return Training(
            name=self.name, image=self.image, source=self.folder / "source", trial=self.folder / "trial",
            env={"PYTHONPATH": "/src"}, limits=self.limits,
        )  # fmt: skip

    def ask(self, code: str) -> Any:
        """What an expression is worth inside."""
        try:
            self.executor.start(self.training(f"print(json.dumps({code}))"))
            state = self.executor.wait(self.name, 60)
            output = b"".join(self.executor.logs(self.name, follow=False)).decode()
            assert state.exit_code == 0, output
            return json.loads(output)
        finally:
            self.executor.remove(self.name)


@pytest.fixture
def repo(home: Path, image: str, hosts: dict[str, Host], tmp_path: Path) -> Iterator[Repo]:
    made = Repo(home, image, hosts, tmp_path, "one")
    yield made
    made.executor.remove(made.name)


def test_only_listed_hosts_are_reached_and_nothing_else_of_the_network(
    repo: Repo, hosts: dict[str, Host]
) -> None:
    urls = {
        "http": f"http://{hosts['http'].where}/a", "https": f"https://{hosts['https'].where}/b",
        "other": f"http://127.0.0.2:{hosts['other'].server_address[1]}/c",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "secured metadata": "https://169.254.169.254/", "engine": "http://172.17.0.1:2375/info",
    }  # fmt: skip
    sends = f"fetch({urls['http']!r}, data=b'secret')"
    direct = (
        "[socket.socket().connect_ex((host, 443)) for host in ('1.1.1.1', '172.17.0.1', '169.254.169.254')]"
    )
    found = repo.ask(
        f"dict({{name: fetch(url) for name, url in {urls!r}.items()}}, sent={sends}, direct={direct},"
        " cards=os.listdir('/sys/class/net'))"
    )
    assert (found["http"], found["https"]) == ("data of /a", "data of /b")
    for name in ("other", "metadata", "engine"):
        assert found[name].startswith("403 ") and "list of datasets" in found[name]
    assert "403" in found["secured metadata"] and "POST sends" in found["sent"]
    assert found["cards"] == ["lo"] and 0 not in found["direct"]
    assert hosts["other"].asked == [] and hosts["http"].asked == ["/a"]


def test_a_download_happens_once_for_a_repo_and_never_for_another(
    repo: Repo, home: Path, image: str, hosts: dict[str, Host], tmp_path: Path
) -> None:
    shared = home / "datasets" / "shared" / "keras"
    shared.mkdir(parents=True, exist_ok=True)
    (shared / "common").write_text("put there by the operator")
    base = f"http://{hosts['http'].where}"
    for _ in range(2):
        assert repo.ask(f"get('{base}/mnist')") == "data of /mnist"
    assert hosts["http"].asked == ["/mnist"]
    # what one repo puts into its cache, links included, is in nobody else's
    bad = "open(CACHE + '/common', 'w').write('bad'), os.symlink('/etc', CACHE + '/link')"
    poison = f"[get('{base}/common'), {bad}]"
    assert repo.ask(poison)[0] == "put there by the operator"
    other = Repo(home, image, hosts, tmp_path, "two")
    found = other.ask(f"[get('{base}/common'), os.listdir(CACHE)]")
    assert found == ["put there by the operator", ["common"]]
    assert (shared / "common").read_text() == "put there by the operator"
    assert hosts["http"].asked == ["/mnist"]


def test_a_download_outlives_a_killed_proxy_that_was_not_in_use_and_none_is_left_afterwards(
    repo: Repo, home: Path, hosts: dict[str, Host]
) -> None:
    psutil.wait_procs(proxies(home), timeout=30)  # of the tests before
    url = f"http://{hosts['http'].where}/late"
    go = f"while not os.path.exists('/trial/go'): pass\nprint(fetch({url!r}))"
    repo.executor.start(repo.training(go))
    [first] = proxies(home)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert repo.executor.wait(repo.name, 0.1).status == Status.RUNNING  # whoever waits starts it again
    (repo.folder / "trial" / "go").touch()
    assert repo.executor.wait(repo.name, 60).exit_code == 0
    assert b"data of /late" in b"".join(repo.executor.logs(repo.name, follow=False))
    left = proxies(home)
    repo.executor.remove(repo.name)
    for process in left:
        process.wait(30)
    assert not list((home / "doors").iterdir())


def proxies(home: Path) -> list[psutil.Process]:
    """The proxies of this state home."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "trainyard.executors.proxy" in (line := process.info["cmdline"] or []) and str(home) in line[-1]
    ]
