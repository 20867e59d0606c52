"""What a host needs to train, looked at one by one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

import msgspec

from trainyard.config import limits, notify_urls
from trainyard.exits import TrainyardError
from trainyard.verbs.context import Context

_GIB = 2**30
_DISK_WANTED = 10 * _GIB
"""Both frameworks' images with build cache, and room for runs."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at. `status` is ok, warning (works, worse) or missing (nothing can train)."""

    name: str
    status: str
    detail: str
    fix: str = ""


def examine(context: Context) -> list[Check]:
    """Looks at everything; never raises for what it finds."""
    looks: list[Callable[[Context], Check]] = [
        _python,
        _git,
        _docker,
        _executor,
        _home,
        _disk,
        _memory,
        _notify,
    ]
    checks = []
    for look in looks:
        try:
            checks.append(look(context))
        except TrainyardError as error:
            name = look.__name__.strip("_")
            checks.append(Check(name=name, status="missing", detail=error.message, fix=error.hint))
    return checks


def _python(_: Context) -> Check:
    return Check(name="python", status="ok", detail=f"{sys.version.split()[0]} at {sys.executable}")


def _git(_: Context) -> Check:
    path = shutil.which("git")
    if path is None:
        return Check(name="git", status="missing", detail="not on PATH", fix="Install the package git.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return Check(name="git", status="ok", detail=said)


def _docker(_: Context) -> Check:
    import docker

    try:
        client = docker.from_env(timeout=5)
        version = client.version()
    except Exception as error:  # noqa: BLE001 - the SDK raises whatever its transport raises
        return Check(
            name="docker",
            status="warning",
            detail=f"no engine answers ({str(error)[:120]})",
            fix="Start Docker, or train without isolation: --executor process.",
        )
    images = sorted(
        {tag for image in client.images.list() for tag in image.tags if tag.startswith("trainyard/")}
    )
    built = (
        f"{len(images)} training images built"
        if images
        else "no training image built yet (the first run does)"
    )
    return Check(name="docker", status="ok", detail=f"engine {version['Version']}, {built}")


def _executor(context: Context) -> Check:
    executor = context.executor(context.config.executor)
    if executor.name == "process":
        return Check(
            name="executor",
            status="warning",
            detail="process: trainings run without isolation",
            fix="Start a Docker Engine before you train code that you do not trust.",
        )
    return Check(name="executor", status="ok", detail=executor.name)


def _home(context: Context) -> Check:
    path = context.home.path
    existing = next(p for p in [path, *path.parents] if p.exists())
    if not os.access(existing, os.W_OK):
        return Check(
            name="state home",
            status="missing",
            detail=f"{path} cannot be written",
            fix="Set TRAINYARD_HOME or --home to a folder that can.",
        )
    return Check(name="state home", status="ok", detail=str(path))


def _disk(context: Context) -> Check:
    path = next(p for p in [context.home.path, *context.home.path.parents] if p.exists())
    free = shutil.disk_usage(path).free
    detail = f"{free / _GIB:.1f} GiB free at {path}"
    if free < _DISK_WANTED:
        return Check(
            name="disk", status="warning", detail=detail, fix=f"{_DISK_WANTED // _GIB} GiB are comfortable."
        )
    return Check(name="disk", status="ok", detail=detail)


def _memory(context: Context) -> Check:
    import psutil

    total = psutil.virtual_memory().total
    wanted = limits(context.config).memory
    detail = f"{total / _GIB:.1f} GiB, {os.cpu_count()} cores; a training may use {wanted / _GIB:.1f} GiB"
    if total < wanted:
        return Check(
            name="memory", status="warning", detail=detail, fix="Lower [limits] memory in the configuration."
        )
    return Check(name="memory", status="ok", detail=detail)


def _notify(context: Context) -> Check:
    import apprise

    urls = notify_urls(context.config.notify)
    if not urls:
        return Check(name="notifications", status="ok", detail="none configured: verdicts are only written")
    bad = sorted({u.split(":", 1)[0] for u in urls if apprise.Apprise.instantiate(u) is None})
    if bad:
        return Check(
            name="notifications",
            status="warning",
            detail=f"{', '.join(bad)}: not an Apprise URL",
            fix="Correct [notify] urls; Apprise's wiki lists the forms.",
        )
    return Check(name="notifications", status="ok", detail=f"{len(urls)} configured")
