"""What the roles promise without a host: variables described once, a configuration that the package reads."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import jinja2
import msgspec
import pytest
import yaml

from trainyard import config

TOP = Path(__file__).resolve().parents[2]
ROLES = sorted(folder.name for folder in (TOP / "roles").iterdir() if folder.is_dir())


def options(role: str) -> dict:
    specs = yaml.safe_load((TOP / "roles" / role / "meta/argument_specs.yml").read_text())
    return specs["argument_specs"]["main"]["options"]


def test_defaults_and_readmes_say_what_the_argument_specs_say() -> None:
    done = subprocess.run(
        [sys.executable, str(TOP / "scripts/role-docs"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + "run scripts/role-docs"


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_described_and_carries_its_name(role: str) -> None:
    defaults = yaml.safe_load((TOP / "roles" / role / "defaults/main.yml").read_text()) or {}
    described = options(role)
    assert {n: o["default"] for n, o in described.items() if "default" in o} == defaults
    assert all(name.startswith(f"{role}_") and option["description"] for name, option in described.items())


def written(values: dict) -> str:
    """`/etc/trainyard/config.toml` as the role writes it, with Ansible's settings of Jinja."""
    folder = TOP / "roles/trainyard"
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["to_json"] = json.dumps
    given = {name: option["default"] for name, option in options("trainyard").items()} | values
    tables = yaml.safe_load((folder / "vars/main.yml").read_text())["__trainyard_tables"]
    for table, value in tables.items():
        given.setdefault("__trainyard_tables", {})[table] = given[value.strip("{ }")]
    return environment.from_string((folder / "templates/config.toml.j2").read_text()).render(given)


def test_what_an_inventory_sets_is_what_the_command_reads(tmp_path: Path) -> None:
    values = {
        "trainyard_base_image": "registry.example.org/python:3.11",
        "trainyard_limits": {"memory": "3g", "cpus": 1.5, "pids": 99, "network": "full", "disk": "5g"},
        "trainyard_policy": {
            "preset": "tweak-below-80",
            "metric": "f1",
            "max_trials": 3,
            "supersede": "queued",
        },
        "trainyard_healing": {"deaths": 2, "pause": 1},
        "trainyard_datasets": {"hosts": ["mirror.lab:8443"], "networks": ["10.1.0.0/16"]},
        "trainyard_keep": {"runs": 7, "days": 0.5},
        "trainyard_patch": {"enabled": True, "push": True},
        "trainyard_serving": {"seconds": 2.5, "body": "1m", "samples": 10},
        "trainyard_notify_urls": ["json://x"],
        "trainyard_repos": [{"name": "plain"}, {"name": "dots.and-dashes", "limits": {"memory": "8g"}}],
    }
    file = tmp_path / "config.toml"
    file.write_text(written(values))
    read = config.read_toml(file, config.HostConfig, "it")
    assert read.base_image == values["trainyard_base_image"] and read.executor == "docker"
    for table in ("limits", "policy", "datasets", "healing", "keep", "patch", "serving"):
        wanted = values[f"trainyard_{table}"]
        assert {key: getattr(getattr(read, table), key) for key in wanted} == wanted, table
    assert (
        set(read.repos) == {"dots.and-dashes"} and config.limits(read, "dots.and-dashes").memory == 8 * 2**30
    )
    assert read.serving.repos == ["plain", "dots.and-dashes"]
    assert read.notify.urls_file == "/etc/trainyard/notify-urls"
    tables = {f.name for f in msgspec.structs.fields(config.HostConfig)} - {
        "home",
        "executor",
        "base_image",
        "notify",
        "repos",
    }
    assert tables == {"limits", "policy", "datasets", "healing", "keep", "patch", "serving"}, (
        "a table without a variable of the role"
    )


def test_an_inventory_that_says_nothing_leaves_the_package_its_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(written({}))
    read = config.read_toml(file, config.HostConfig, "it")
    assert (read.healing, read.keep, read.patch, read.repos) == (
        config.HealingTable(), config.KeepTable(), config.PatchTable(), {}
    )  # fmt: skip
    assert read.serving == config.ServingTable(repos=[])


CHECK = runpy.run_path(str(TOP / "roles/base/filter_plugins/inventory.py"))
VARIABLES = {name: option for role in ROLES for name, option in options(role).items()}
WRONG_KINDS = {
    "str": (7, 1.5, True, ["a"], {"a": 1}),
    "path": ("relative", "/a b", "", 7, ["/a"]),
    "int": ("many", 1.5, -1, "-3", True, [1]),
    "float": ("many", -0.5, True, [1.0]),
    "bool": ("perhaps", 1, ["true"]),
    "list": ("a,b", 7, {"a": 1}, [None]),
    "dict": ("a=b", 7, ["a"]),
}


def faults(values: dict) -> list[str]:
    return CHECK["faults"](values, VARIABLES)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_value_of_another_kind_is_named_and_never_shown(name: str) -> None:
    for wrong in (*WRONG_KINDS[VARIABLES[name].get("type", "str")], None):
        (fault,) = faults({name: wrong})
        assert fault.startswith(name), fault
        assert not isinstance(wrong, str) or len(wrong) < 4 or wrong not in fault, "it may be a secret"


@pytest.mark.parametrize("name", VARIABLES)
def test_a_misspelt_variable_is_named_with_the_right_one(name: str) -> None:
    (fault,) = faults({f"{name[:-2]}{name[-1]}{name[-2]}x": "v"})
    assert "is not known" in fault and "did you mean" in fault


def test_what_defaults_and_inventories_hold_is_no_fault() -> None:
    plain = {
        name: option["default"]
        for name, option in VARIABLES.items()
        if "{{" not in str(option.get("default", "{{"))
    }
    assert faults(plain) == []
    assert faults({"jenkins_port": "9090", "base_time_sync": "no", "base_min_disk_mb": 0}) == [], (
        "-e name=value"
    )
    for file in sorted((TOP / "inventory").glob("*/group_vars/all/*.yml")):
        set_there = {n: v for n, v in yaml.safe_load(file.read_text()).items() if n.startswith(tuple(ROLES))}
        assert not [fault for fault in faults(set_there) if "not known" in fault], file
    nested = {"trainyard_repos": [{"polcy": {}, "limits": {"ram": "1g", "pids": "x"}}]}
    assert faults(nested) == [
        "trainyard_repos[0].polcy is not known, did you mean policy.",
        "trainyard_repos[0].limits.ram is not known.",
        "trainyard_repos[0].limits.pids must be a whole number.",
        "trainyard_repos[0].name is missing.",
    ]
