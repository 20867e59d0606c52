"""The stand-in's queue and executors: runs freestyle jobs from their XML."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path

RANK = {"SUCCESS": 0, "UNSTABLE": 1, "FAILURE": 2}
TRIGGER = "hudson.plugins.parameterizedtrigger.BuildTrigger"


def as_action(values: dict[str, str]) -> dict:
    return {"parameters": [{"name": name, "value": value} for name, value in values.items()]}


class Builder:
    def __init__(self, home: Path, settings: object) -> None:
        self.home = home
        self.settings = settings
        self.queue: queue.Queue = queue.Queue()
        self.items: dict[int, dict] = {}
        self.lock = threading.RLock()
        self.running: dict[str, threading.Lock] = {}

    def start(self) -> None:
        for _ in range(self.settings.executors):
            threading.Thread(target=self.work, daemon=True).start()
        threading.Thread(target=self.minutes, daemon=True).start()

    def minutes(self) -> None:
        """Jobs with `* * * * *` once a minute; other timers are safety nets that the tests do not wait for."""
        while True:
            time.sleep(60)
            for path in (self.home / "jobs").glob("*/config.xml"):
                spec = ET.parse(path).findtext("triggers/hudson.triggers.TimerTrigger/spec") or ""
                if spec.strip() == "* * * * *":
                    self.enqueue(path.parent.name, {}, "Started by timer")

    def job(self, name: str) -> ET.Element:
        return ET.parse(self.home / "jobs" / name / "config.xml").getroot()

    def numbers(self, name: str) -> list[int]:
        return sorted(
            (int(p.name) for p in (self.home / "jobs" / name / "builds").glob("[0-9]*")), reverse=True
        )

    def waiting(self, name: str) -> bool:
        return any(i["job"] == name and i["number"] is None for i in self.items.values())

    def enqueue(self, name: str, parameters: dict, cause: str) -> int | None:
        root = self.job(name)
        if root.findtext("disabled") == "true":
            return None
        declared = {
            d.findtext("name"): d.findtext("defaultValue") or ""
            for d in root.iter("hudson.model.StringParameterDefinition")
        }
        # Jenkins hands a build only the parameters that the job declares.
        values = {**declared, **{k: v for k, v in parameters.items() if k in declared}}
        with self.lock:
            for number, item in self.items.items():
                if item["job"] == name and item["number"] is None and item["values"] == values:
                    return number  # the same thing is queued already
            number = len(self.items) + 1
            self.items[number] = {"job": name, "values": values, "number": None, "cause": cause}
        self.queue.put(number)
        return number

    def item(self, number: int) -> dict | None:
        item = self.items.get(number)
        if item is None:
            return None
        started = item["number"] is not None
        executable = {"number": item["number"]} if started else None
        return {"id": number, "executable": executable, "actions": [as_action(item["values"])]}

    def info(self, name: str, number: int) -> dict | None:
        path = self.home / "jobs" / name / "builds" / str(number) / "build.json"
        return json.loads(path.read_text()) if path.exists() else None

    def log(self, name: str, number: int) -> str:
        path = self.home / "jobs" / name / "builds" / str(number) / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def work(self) -> None:
        while True:
            number = self.queue.get()
            item = self.items[number]
            lock = self.running.setdefault(item["job"], threading.Lock())
            if not lock.acquire(blocking=False):  # no concurrent builds of one job
                time.sleep(0.2)
                self.queue.put(number)
                continue
            try:
                self.build(item)
            except Exception as error:  # noqa: BLE001 - an executor thread must outlive any build
                print(f"{item['job']}: {error!r}")
            finally:
                lock.release()

    def build(self, item: dict) -> None:
        name = item["job"]
        root = self.job(name)
        number = (self.numbers(name) or [0])[0] + 1
        folder = self.home / "jobs" / name / "builds" / str(number)
        folder.mkdir(parents=True)
        item["number"] = number
        workspace = self.home / "workspace" / name
        workspace.mkdir(parents=True, exist_ok=True)
        record = {
            "number": number,
            "building": True,
            "result": None,
            "causes": [item["cause"]],
            "actions": [as_action(item["values"])],
            "url": f"/job/{name}/{number}/",
        }
        (folder / "build.json").write_text(json.dumps(record))
        result = "SUCCESS"
        with (folder / "log").open("wb") as log:
            log.write(f"{item['cause']}\nBuilding in workspace {workspace}\n".encode())
            log.flush()
            environment = {
                **os.environ, **item["values"], "JOB_NAME": name, "BUILD_NUMBER": str(number),
                "BUILD_URL": f"http://127.0.0.1/job/{name}/{number}/", "WORKSPACE": str(workspace),
                "HOME": str(self.home),
            }  # fmt: skip
            for step in root.find("builders") or []:
                if step.tag != "hudson.tasks.Shell":
                    log.write(f"stand-in: unknown build step {step.tag}\n".encode())
                    result = "FAILURE"
                    break
                unstable = int(step.findtext("unstableReturn") or 0)
                code = self.shell(step.findtext("command") or "", workspace, environment, log)
                if code:
                    result = "UNSTABLE" if unstable and code == unstable else "FAILURE"
                    if result == "FAILURE":
                        log.write(f"Build step exited with {code}\n".encode())
                        break
            triggered = self.publish(
                root, result, workspace, f"Started by upstream project {name} build {number}", log
            )
            log.write(f"Finished: {result}\n".encode())
        record.update(building=False, result=result, triggered=triggered)
        temporary = folder / "build.json.tmp"
        temporary.write_text(json.dumps(record))
        temporary.replace(folder / "build.json")

    def shell(self, command: str, workspace: Path, environment: dict, log: object) -> int:
        script = workspace.parent / f".script-{threading.get_ident()}.sh"
        script.write_text(command)
        first = command.splitlines()[0] if command else ""
        program = first[2:].split() if first.startswith("#!") else ["/bin/sh", "-xe"]
        return subprocess.call(
            [*program, str(script)],
            cwd=workspace,
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )

    def publish(self, root: ET.Element, result: str, workspace: Path, cause: str, log: object) -> list[str]:
        triggered = []
        for config in root.iter("hudson.plugins.parameterizedtrigger.BuildTriggerConfig"):
            wanted = config.findtext("condition")
            matches = {"SUCCESS": result == "SUCCESS", "UNSTABLE": result == "UNSTABLE", "ALWAYS": True,
                       "UNSTABLE_OR_BETTER": RANK[result] <= 1, "FAILED": result == "FAILURE"}[wanted]  # fmt: skip
            if not matches:
                continue
            parameters: dict[str, str] = {}
            skip = False
            for part in config.find("configs") or []:
                if not part.tag.endswith("FileBuildParameters"):
                    raise ValueError(f"unknown parameters {part.tag}")
                file = workspace / (part.findtext("propertiesFile") or "")
                if not file.is_file():
                    skip = part.findtext("failTriggerOnMissing") == "true"
                    log.write(f"no {file.name}: not triggering\n".encode())
                    continue
                parameters.update(re.findall(r"^([\w.]+)\s*=\s*(.*)$", file.read_text(), re.M))
            if skip:
                continue
            for project in (config.findtext("projects") or "").split(","):
                self.enqueue(project.strip(), parameters, cause)
                log.write(f"Triggering a new build of {project}\n".encode())
                triggered.append(project.strip())
        return triggered
