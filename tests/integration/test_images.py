"""The training images: each trains as it is run by hand, and holds nothing that it does not need."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from trainyard import resources
from trainyard.executors.docker import DockerExecutor
from trainyard.exits import ExitCode, TrainyardError
from trainyard.images.image import image, images

pytestmark = pytest.mark.docker

NAMES = sorted(images())


@pytest.fixture(scope="session")
def executor(tmp_path_factory: pytest.TempPathFactory) -> DockerExecutor:
    return DockerExecutor(tmp_path_factory.mktemp("docker-home"))


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    with docker.APIClient(version="auto") as api:
        yield api


def run(tag: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", "run", "--rm", *arguments, tag], capture_output=True, text=True, check=False
    )


def python(tag: str, code: str) -> str:
    done = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", "--entrypoint", "python", tag, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def requirements(folder: Path, text: str) -> Path:
    path = folder / "requirements.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "script"),
    [(name, script) for name in NAMES for script in image(name).chain if script != "base" or name == "base"],
)
def test_run_by_hand_it_trains_its_own_script_and_its_parents(
    executor: DockerExecutor, name: str, script: str
) -> None:
    tag = executor.prepare(name, None, print)
    done = run(tag, "--network", "none", "--volume", f"{resources.IMAGES / script / 'test'}:/src:ro")
    assert done.returncode == 0, done.stdout + done.stderr
    accuracies = [
        float(found) for found in re.findall(r"accuracy (\d\.\d+) .*report", done.stdout + done.stderr)
    ]
    assert accuracies and min(accuracies) > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_it_is_not_root_and_has_no_compiler_header_or_setting_of_the_host(
    executor: DockerExecutor, engine: docker.APIClient, name: str
) -> None:
    tag = executor.prepare(name, None, print)
    config = engine.inspect_image(tag)["Config"]
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == ["python", "-m", "trainyard_harness"]
    assert not [
        variable for variable in config["Env"] if variable.startswith(("PIP_", "SSL_", "HTTP", "http"))
    ]
    found = python(
        tag,
        "import glob, shutil\n"
        "print([shutil.which(c) for c in ('gcc', 'cc', 'g++', 'clang', 'make')])\n"
        "print(glob.glob('/opt/**/*.h', recursive=True), glob.glob('/opt/**/*.a', recursive=True))\n"
        "print(glob.glob('/opt/**/pip.conf', recursive=True), glob.glob('/root/.cache/*'))",
    )
    assert found == "[None, None, None, None, None]\n[] []\n[] []"


@pytest.mark.parametrize("name", NAMES)
def test_its_bytecode_is_there_for_a_read_only_root(executor: DockerExecutor, name: str) -> None:
    tag = executor.prepare(name, None, print)
    # the unchecked flag of PEP 552: layers and copies change times, and a checked file would count as stale
    found = python(
        tag,
        "import trainyard_harness, pathlib\n"
        "cached = pathlib.Path(trainyard_harness.__cached__)\n"
        "print(int.from_bytes(cached.read_bytes()[4:8], 'little'))",
    )
    assert found == "1"


def test_preparing_again_builds_nothing(executor: DockerExecutor, tmp_path: Path) -> None:
    first = executor.prepare("base", None, print)
    said: list[str] = []
    log = tmp_path / "build.log"
    assert executor.prepare("base", None, said.append, log) == first
    assert said == []
    assert not log.exists()


def test_an_unknown_image_is_refused_with_those_there_are(executor: DockerExecutor) -> None:
    with pytest.raises(TrainyardError) as caught:
        executor.prepare("cobol", None, print)
    assert caught.value.code == ExitCode.UNSUPPORTED
    assert "sklearn" in caught.value.hint


def test_requirements_that_the_image_meets_derive_nothing(executor: DockerExecutor, tmp_path: Path) -> None:
    asked = requirements(tmp_path, "numpy>=1.20\npandas\nscikit-learn==0.22\n")
    said: list[str] = []
    assert executor.prepare("sklearn", asked, said.append) == executor.prepare("sklearn", None, print)
    assert said == ["requirements.txt line 3: scikit-learn==0.22 is asked; the image's 1.5.2 is used."]


def test_requirements_beyond_the_image_are_installed_once_and_logged(
    executor: DockerExecutor, tmp_path: Path
) -> None:
    log = tmp_path / "build.log"
    asked = requirements(tmp_path, "numpy\nemoji==2.14.0\n")
    tag = executor.prepare("sklearn", asked, print, log)
    assert "emoji" in log.read_text()
    assert python(tag, "import emoji, numpy, trainyard_harness; print(emoji.__version__)") == "2.14.0"
    said: list[str] = []
    again = tmp_path / "again.log"
    assert executor.prepare("sklearn", asked, said.append, again) == tag
    assert said == []
    assert "emoji==2.14.0" in again.read_text()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("emoji==9.9.9", "requirements.txt line 2: no version of emoji==9.9.9 exists."),
        (
            "no-such-package-of-trainyard",
            "requirements.txt line 2: no package no-such-package-of-trainyard exists",
        ),
        ("-e .", "requirements.txt line 2: '-e .' is an option of pip"),
    ],
)
def test_a_failing_requirement_names_its_line(
    executor: DockerExecutor, tmp_path: Path, line: str, complaint: str
) -> None:
    with pytest.raises(TrainyardError) as caught:
        executor.prepare("sklearn", requirements(tmp_path, f"numpy\n{line}\n"), print)
    assert caught.value.message.startswith(complaint)


def test_a_packages_own_build_sees_nothing_of_the_host(
    executor: DockerExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = (
        "import json, os\n"
        "from setuptools import setup\n"
        "seen = [os.getuid(), os.path.exists('/var/run/docker.sock'), 'CLOUD_PASSWORD' in os.environ]\n"
        "os.makedirs('nosy', exist_ok=True)\n"
        "open('nosy/__init__.py', 'w').write(f'seen = {json.dumps(seen)!r}')\n"
        "setup(name='trainyard-nosy', version='1.0', packages=['nosy'])\n"
    )
    source_archive(tmp_path / "trainyard_nosy-1.0.tar.gz", setup)
    tmp_path.chmod(0o755)  # as a folder of wheels is
    monkeypatch.setenv("CLOUD_PASSWORD", "hunter2")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    tag = executor.prepare("base", requirements(tmp_path, "trainyard-nosy==1.0"), print)
    assert json.loads(python(tag, "import nosy; print(nosy.seen)")) == [1000, False, False]


def source_archive(path: Path, setup: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (
            ("setup.py", setup),
            ("PKG-INFO", "Metadata-Version: 2.1\nName: trainyard-nosy\nVersion: 1.0\n"),
        ):
            member = tarfile.TarInfo(f"trainyard_nosy-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


def test_the_command_builds_and_tries_an_image_once(tmp_path: Path) -> None:
    def build() -> list[dict[str, object]]:
        done = subprocess.run(
            ["trainyard", "--home", str(tmp_path), "images", "build", "sklearn", "--smoke", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answered: list[dict[str, object]] = json.loads(done.stdout)
        return answered

    assert build()[0]["trained"] is True
    assert build()[0] | {"tag": ""} == {"name": "sklearn", "tag": "", "built": False, "trained": False}
