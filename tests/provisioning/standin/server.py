"""A stand-in for Jenkins: logins, CSRF, API tokens, jobs, views, builds and the queue, as far as the roles,
python-jenkins and the six jobs use them. It runs the jobs' XML: what it does not know fails the build.

docs/testing.md says what this cannot show.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import threading
import urllib.parse
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import builds
import casc

VERSION = Path(os.environ.get("JENKINS_WAR", "/usr/share/java/jenkins.war")).read_text().split()[-1]
HOME = Path(os.environ["JENKINS_HOME"])
NEEDS_PLUGIN = {
    "hudson.plugins.parameterizedtrigger.BuildTrigger": "parameterized-trigger",
    "htmlpublisher.HtmlPublisher": "htmlpublisher",
    "hudson.plugins.timestamper.TimestamperBuildWrapper": "timestamper",
    "au.com.centrumsystems.hudson.plugin.buildpipeline.BuildPipelineView": "build-pipeline-plugin",
}


class State:
    """Everything that outlives a request."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.tokens_file = HOME / "standin-tokens.json"
        self.tokens: dict[str, dict[str, str]] = (
            json.loads(self.tokens_file.read_text()) if self.tokens_file.exists() else {}
        )
        self.crumbs: dict[str, str] = {}
        self.plugins = {p.stem for p in (HOME / "plugins").glob("*.jpi")}
        self.settings = casc.Settings.load() if "configuration-as-code" in self.plugins else casc.Settings()
        self.wizard = "-Djenkins.install.runSetupWizard=false" not in os.environ.get("JAVA_OPTS", "")
        self.builder = builds.Builder(HOME, self.settings)
        self.quiet = False

    def save_tokens(self) -> None:
        temporary = self.tokens_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.tokens))
        temporary.chmod(0o600)
        temporary.replace(self.tokens_file)


def missing_plugin(config: str) -> str | None:
    """The plugin that this XML needs and Jenkins has not."""
    root = ET.fromstring(config)
    tags = {element.tag for element in root.iter()}
    return next((p for t, p in NEEDS_PLUGIN.items() if t in tags and p not in STATE.plugins), None)


def as_jenkins_keeps_it(config: str) -> str:
    """Jenkins gives a config back in its own spelling: no comments, versions of plugins added."""
    root = ET.fromstring(config)
    for element in root.iter():
        plugin = NEEDS_PLUGIN.get(element.tag)
        if plugin:
            element.set("plugin", f"{plugin}@stand-in")
    return "<?xml version='1.1' encoding='UTF-8'?>\n" + ET.tostring(root, encoding="unicode")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"

    def log_message(self, text: str, *values: object) -> None:
        """Quiet: journald would be full of the tests' polling."""

    # --- answers
    def answer(self, code: int, body: str = "", kind: str = "text/html", **headers: str) -> None:
        data = body.encode()
        self.send_response(code)
        self.send_header("X-Jenkins", VERSION)
        self.send_header("Content-Type", f"{kind};charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def json(self, value: object) -> None:
        self.answer(200, json.dumps(value), "application/json")

    # --- who is it
    def login(self) -> tuple[str | None, bool]:
        """The user, and whether an API token proved it (tokens need no crumb)."""
        header = self.headers.get("Authorization", "")
        if not header.startswith("Basic "):
            return None, False
        try:
            user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None, False
        if password in STATE.tokens.get(user, {}).values():
            return user, True
        if secrets.compare_digest(STATE.settings.users.get(user, "\0").encode(), password.encode()):
            return user, False
        return "", False

    def may(self, user: str | None, permission: str) -> bool:
        return STATE.settings.allows(user or "anonymous", permission)

    def do_GET(self) -> None:
        self.handle_request("GET")

    def do_POST(self) -> None:
        self.handle_request("POST")

    def handle_request(self, method: str) -> None:
        parsed = urllib.parse.urlparse(self.path)
        path = urllib.parse.unquote(parsed.path)
        query = dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if path == "/login":
            return self.answer(200, "login")
        user, by_token = self.login()
        if user == "":
            return self.answer(401, "Invalid username or password", WWW_Authenticate='Basic realm="Jenkins"')
        if STATE.wizard or not self.may(user, "Overall/Read"):
            return self.answer(403, "Authentication required")
        if method == "POST" and not by_token:
            cookie = re.search(r"JSESSIONID=(\w+)", self.headers.get("Cookie", ""))
            crumb = STATE.crumbs.get(cookie[1]) if cookie else None
            if crumb is None or self.headers.get("Jenkins-Crumb") != crumb:
                return self.answer(403, "No valid crumb was included in the request")
        if "form-urlencoded" in (self.headers.get("Content-Type") or ""):
            query.update(urllib.parse.parse_qsl(body, keep_blank_values=True))
        with STATE.lock:
            for pattern, verb, permission, call in ROUTES:
                match = re.fullmatch(pattern, path)
                if match and verb == method:
                    if not self.may(user, permission):
                        return self.answer(403, f"{user} is missing the {permission} permission")
                    return call(self, *match.groups(), query=query, body=body, user=user)
        return self.answer(404, f"{method} {path}: nothing here")

    # --- things
    def crumb(self, query: dict, body: str, user: str) -> None:
        session = secrets.token_hex(8)
        STATE.crumbs[session] = secrets.token_hex(16)
        data = json.dumps({"crumb": STATE.crumbs[session], "crumbRequestField": "Jenkins-Crumb"})
        self.answer(200, data, "application/json", Set_Cookie=f"JSESSIONID={session}; Path=/; HttpOnly")

    def top(self, query: dict, body: str, user: str) -> None:
        jobs = [
            {"_class": "hudson.model.FreeStyleProject", "name": n, "url": f"/job/{n}/"}
            for n in self.items("jobs")
        ]
        self.json(
            {
                "jobs": jobs,
                "views": [{"name": n} for n in self.items("views")],
                "quietingDown": STATE.quiet,
                "numExecutors": STATE.settings.executors,
            }
        )

    def items(self, kind: str) -> list[str]:
        return sorted(p.parent.name for p in (HOME / kind).glob("*/config.xml"))

    def me(self, query: dict, body: str, user: str) -> None:
        self.json({"id": user, "fullName": user})

    def new_token(self, name: str, query: dict, body: str, user: str) -> None:
        if name != user:
            return self.answer(403, "only for oneself")
        value = secrets.token_hex(17)
        uuid = secrets.token_hex(8)
        STATE.tokens.setdefault(name, {})[uuid] = value
        STATE.save_tokens()
        self.json(
            {
                "status": "ok",
                "data": {"tokenName": query["newTokenName"], "tokenUuid": uuid, "tokenValue": value},
            }
        )

    def revoke(self, name: str, query: dict, body: str, user: str) -> None:
        if name != user:
            return self.answer(403, "only for oneself")
        STATE.tokens.get(name, {}).pop(query["tokenUuid"], None)
        STATE.save_tokens()
        self.answer(200)

    def info(self, kind: str, name: str, query: dict, body: str, user: str) -> None:
        if not (HOME / f"{kind}s" / name / "config.xml").exists():
            return self.answer(404, f"{kind} {name}: nothing here")
        value: dict = {"name": name, "url": f"/{kind}/{name}/"}
        if kind == "job":
            numbers = STATE.builder.numbers(name)
            value["builds"] = [{"number": n} for n in numbers]
            value["lastBuild"] = {"number": numbers[0]} if numbers else None
            value["nextBuildNumber"] = (numbers[0] if numbers else 0) + 1
            value["inQueue"] = STATE.builder.waiting(name)
        self.json(value)

    def config(self, kind: str, name: str, query: dict, body: str, user: str) -> None:
        path = HOME / f"{kind}s" / name / "config.xml"
        if not path.exists():
            return self.answer(404, f"{kind} {name}: nothing here")
        self.answer(200, path.read_text(), "application/xml")

    def write(self, kind: str, name: str | None, query: dict, body: str, user: str) -> None:
        create = name is None
        name = name or query.get("name", "")
        path = HOME / f"{kind}s" / name / "config.xml"
        if not re.fullmatch(r"[\w.-]+", name) or create == path.exists():
            return self.answer(400, f"{kind} {name!r}: cannot be")
        try:
            absent = missing_plugin(body)
            config = as_jenkins_keeps_it(body)
        except ET.ParseError as error:
            return self.answer(500, f"not XML: {error}")
        if absent:
            return self.answer(500, f"{kind} {name}: the plugin {absent} is not installed")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(config)
        self.answer(200)

    def delete(self, kind: str, name: str, query: dict, body: str, user: str) -> None:
        shutil.rmtree(HOME / f"{kind}s" / name, ignore_errors=True)
        self.answer(302, Location="/")

    def build(self, name: str, how: str, query: dict, body: str, user: str) -> None:
        if not (HOME / "jobs" / name / "config.xml").exists():
            return self.answer(404, f"job {name}: nothing here")
        if STATE.quiet:
            return self.answer(503, "Jenkins is going to shut down")
        item = STATE.builder.enqueue(name, query, f"Started by user {user}")
        if item is None:
            return self.answer(409, f"{name} is disabled")
        self.answer(201, Location=f"/queue/item/{item}/")

    def queue_item(self, number: str, query: dict, body: str, user: str) -> None:
        found = STATE.builder.item(int(number))
        return self.json(found) if found else self.answer(404, "no such item")

    def build_info(self, name: str, number: str, query: dict, body: str, user: str) -> None:
        found = STATE.builder.info(name, int(number))
        return self.json(found) if found else self.answer(404, "no such build")

    def console(self, name: str, number: str, query: dict, body: str, user: str) -> None:
        self.answer(200, STATE.builder.log(name, int(number)), "text/plain")

    def plugin_list(self, query: dict, body: str, user: str) -> None:
        self.json({"plugins": [{"shortName": p, "active": True} for p in sorted(STATE.plugins)]})

    def computers(self, query: dict, body: str, user: str) -> None:
        rows = [{"displayName": n["name"], "offline": False} for n in STATE.settings.nodes]
        self.json({"computer": [{"displayName": "Built-In Node", "offline": False}, *rows]})

    def reload(self, query: dict, body: str, user: str) -> None:
        try:
            fresh = casc.Settings.load()
        except (OSError, ValueError, KeyError) as error:
            return self.answer(500, f"configuration-as-code: {error}")
        STATE.settings = fresh
        STATE.builder.settings = fresh
        self.answer(302, Location="/")

    def quiet_down(self, query: dict, body: str, user: str) -> None:
        STATE.quiet = True
        self.answer(302, Location="/")

    def cancel_quiet_down(self, query: dict, body: str, user: str) -> None:
        STATE.quiet = False
        self.answer(302, Location="/")


H = Handler
NAME = r"([^/]+)"
TOKENS = f"/user/{NAME}/descriptorByName/jenkins.security.ApiTokenProperty"
ROUTES = [
    ("/?", "GET", "Overall/Read", H.top),
    ("/api/json", "GET", "Overall/Read", H.top),
    ("/me/api/json", "GET", "Overall/Read", H.me),
    ("/crumbIssuer/api/json", "GET", "Overall/Read", H.crumb),
    (f"{TOKENS}/generateNewToken", "POST", "Overall/Read", H.new_token),
    (f"{TOKENS}/revoke", "POST", "Overall/Read", H.revoke),
    (f"/(job|view)/{NAME}/api/json", "GET", "Job/Read", H.info),
    (f"/(job|view)/{NAME}/config.xml", "GET", "Overall/Administer", H.config),
    (f"/(job|view)/{NAME}/config.xml", "POST", "Overall/Administer", H.write),
    ("/createItem", "POST", "Overall/Administer", lambda h, **k: h.write("job", None, **k)),
    ("/createView", "POST", "Overall/Administer", lambda h, **k: h.write("view", None, **k)),
    (f"/(job|view)/{NAME}/doDelete", "POST", "Overall/Administer", H.delete),
    (f"/job/{NAME}/(build|buildWithParameters)", "POST", "Job/Build", H.build),
    (r"/queue/item/(\d+)/api/json", "GET", "Job/Read", H.queue_item),
    (rf"/job/{NAME}/(\d+)/api/json", "GET", "Job/Read", H.build_info),
    (rf"/job/{NAME}/(\d+)/consoleText", "GET", "Job/Read", H.console),
    ("/pluginManager/api/json", "GET", "Overall/Read", H.plugin_list),
    ("/computer/api/json", "GET", "Overall/Read", H.computers),
    ("/configuration-as-code/reload", "POST", "Overall/Administer", H.reload),
    ("/quietDown", "POST", "Overall/Administer", H.quiet_down),
    ("/cancelQuietDown", "POST", "Overall/Administer", H.cancel_quiet_down),
]


def notify_systemd() -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address.replace("@", "\0", 1))
            channel.send(b"READY=1")


if __name__ == "__main__":
    os.umask(0o027)
    STATE = State()
    where = (os.environ.get("JENKINS_LISTEN_ADDRESS") or "0.0.0.0", int(os.environ["JENKINS_PORT"]))
    server = ThreadingHTTPServer(where, Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    digest = hashlib.sha256("".join(sorted(STATE.plugins)).encode()).hexdigest()[:8]
    print(f"stand-in for Jenkins {VERSION} on {where[0]}:{where[1]}, {len(STATE.plugins)} plugins ({digest})")
    STATE.builder.start()
    notify_systemd()
    server.serve_forever()
