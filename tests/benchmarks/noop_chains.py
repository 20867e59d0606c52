"""Six chained steps that do nothing, in each of the tools that the chain is measured against."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

PINS = {"dvc": "3.67.1", "snakemake": "9.27.1", "metaflow": "2.19.39"}
STEPS = [f"step{number}" for number in range(1, 7)]


def tools(venv: Path) -> None:
    """Makes the virtual environment with the pinned tools, unless it is there."""
    stamp = venv / ".ready"
    wanted = "\n".join(f"{name}=={version}" for name, version in PINS.items())
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"bench: installing {', '.join(wanted.splitlines())} into {venv}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    command = [str(venv / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    _run([*command, *wanted.splitlines()], venv, dict(os.environ))
    stamp.write_text(wanted)


def cases(venv: Path, work: Path) -> dict[str, Callable[[], None]]:
    """Name to a function that runs the six steps once, from the start, as a command would."""
    return {
        "dvc repro": _dvc(venv, work / "dvc"),
        "snakemake": _snakemake(venv, work / "snakemake"),
        "metaflow": _metaflow(venv, work / "metaflow"),
        "embedded chain": _chain(work / "chain"),
    }


def _dvc(venv: Path, folder: Path) -> Callable[[], None]:
    folder.mkdir(parents=True)
    stages = "".join(
        f"  {step}:\n    cmd: echo {step} > {step}.out\n    outs: [{step}.out]\n"
        + (f"    deps: [{before}.out]\n" if before else "")
        for before, step in zip([None, *STEPS], STEPS, strict=False)
    )
    (folder / "dvc.yaml").write_text(f"stages:\n{stages}")
    environment = _environment(venv, folder)
    _run(["git", "init", "--quiet"], folder, environment)
    _run(["dvc", "init", "--quiet"], folder, environment)
    _run(["dvc", "config", "core.analytics", "false"], folder, environment)

    def once() -> None:
        _run(["dvc", "repro", "--force"], folder, environment)

    return once


def _snakemake(venv: Path, folder: Path) -> Callable[[], None]:
    folder.mkdir(parents=True)
    rules = "".join(
        f'rule {step}:\n    output: "{step}.out"\n'
        + (f'    input: "{before}.out"\n' if before else "")
        + f'    shell: "echo {step} > {{output}}"\n\n'
        for before, step in zip([None, *STEPS], STEPS, strict=False)
    )
    (folder / "Snakefile").write_text(f'rule all:\n    input: "{STEPS[-1]}.out"\n\n{rules}')
    environment = _environment(venv, folder)

    def once() -> None:
        _run(["snakemake", "--cores", "1", "--forceall"], folder, environment)

    return once


def _metaflow(venv: Path, folder: Path) -> Callable[[], None]:
    folder.mkdir(parents=True)
    names = ["start", *STEPS[1:-1], "end"]
    steps = "".join(
        f"    @step\n    def {step}(self):\n        {f'self.next(self.{after})' if after else 'pass'}\n\n"
        for step, after in zip(names, [*names[1:], None], strict=True)
    )
    program = f"from metaflow import FlowSpec, step\n\n\nclass Noop(FlowSpec):\n{steps}\nNoop()\n"
    (folder / "flow.py").write_text(program)
    environment = _environment(venv, folder) | {"METAFLOW_USER": "bench", "USER": "bench"}

    def once() -> None:
        _run(["python", "flow.py", "run"], folder, environment)

    return once


def _chain(folder: Path) -> Callable[[], None]:
    """The embedded chain itself: six jobs whose steps do nothing but hand on, in a process of its own."""
    folder.mkdir(parents=True)
    jobs = "".join(
        textwrap.dedent(
            f"""
            - job-template:
                name: '{{repo}}-{step}'
                id: {step}
                parameters: [{{string: {{name: RUN}}}}]
                builders: [{{shell: 'echo RUN=1 > run.properties'}}]
                publishers:
            """
        )
        + (
            "      - trigger-parameterized-builds:\n"
            f"          - project: '{{repo}}-{after}'\n"
            "            property-file: run.properties\n"
            if after
            else "      []\n"
        )
        for step, after in zip(STEPS, [*STEPS[1:], None], strict=True)
    )
    (folder / "jobs.yaml").write_text(
        f"{jobs}\n- job-group: {{name: six-jobs, jobs: [{', '.join(STEPS)}]}}\n"
        "- view-template: {name: '{repo}-pipeline', view-type: list}\n"
    )
    program = textwrap.dedent(
        f"""
        from pathlib import Path
        from trainyard.chain.execute import execute
        from trainyard.chain.render import render

        home = Path({str(folder / "home")!r})
        jobs = render("noop", cache=home / "cache", folder=home.parent)
        done = execute(jobs, "noop-step1", {{}}, home=home, say=lambda line: None)
        assert len(done.builds) == 6 and not done.failed
        """
    )
    environment = dict(os.environ)

    def once() -> None:
        _run([sys.executable, "-c", program], folder, environment)

    return once


def _environment(venv: Path, folder: Path) -> dict[str, str]:
    """A home of its own, no telemetry, and the tools first on PATH."""
    home = folder / ".home"
    rmtree(home, ignore_errors=True)
    home.mkdir()
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
    }


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command[:3])} failed:\n{done.stdout}{done.stderr}")
