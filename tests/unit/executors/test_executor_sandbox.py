"""The flags of a training container, as the engine gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainyard.executors.base import Limits
from trainyard.executors.environment import training_environment
from trainyard.executors.names import safe_name
from trainyard.executors.sandbox import CA_INSIDE, host_config, user


def flags(tmp_path: Path, limits: Limits | None = None, *, build: bool = False) -> dict[str, object]:
    read_only, writable = {"/src": tmp_path}, {"/trial": tmp_path}
    return host_config(limits or Limits(), read_only=read_only, writable=writable, build=build)


def test_nothing_of_the_host_is_mounted_but_source_and_trial(tmp_path: Path) -> None:
    mounts = flags(tmp_path)["mounts"]
    assert isinstance(mounts, list)
    assert [(mount["Target"], mount["ReadOnly"]) for mount in mounts] == [("/src", True), ("/trial", False)]


def test_a_path_with_colons_stays_one_path(tmp_path: Path) -> None:
    odd = tmp_path / "a:b:rw"
    odd.mkdir()
    mounts = host_config(Limits(), read_only={"/src": odd}, writable={}, build=False)["mounts"]
    assert mounts[0]["Source"] == str(odd)
    assert mounts[0]["ReadOnly"] is True


def test_swap_gives_no_memory_beyond_the_limit(tmp_path: Path) -> None:
    given = flags(tmp_path, Limits(memory=2**30))
    assert given["mem_limit"] == given["memswap_limit"] == 2**30


def test_the_network_is_cut_unless_the_operator_gives_it(tmp_path: Path) -> None:
    assert flags(tmp_path)["network_mode"] == "none"
    assert flags(tmp_path, Limits(network="full"))["network_mode"] == "bridge"


def test_programs_run_from_tmp_in_builds_only(tmp_path: Path) -> None:
    assert ",noexec," in str(flags(tmp_path)["tmpfs"])
    assert ",exec," in str(flags(tmp_path, build=True)["tmpfs"])


def test_the_hosts_ca_bundle_goes_along_with_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert CA_INSIDE in str(flags(tmp_path, Limits(network="full"))["mounts"])
    assert CA_INSIDE not in str(flags(tmp_path)["mounts"])


def test_more_cores_than_the_host_has_are_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert flags(tmp_path, Limits(cpus=64))["nano_cpus"] == 2 * 10**9


def test_the_user_inside_is_never_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    assert user() == (1000, 1000)


def test_thread_pools_have_the_size_of_the_limit_on_every_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    given = training_environment(Limits(cpus=2.5))
    assert {
        given[name] for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS")
    } == {"2"}
    assert training_environment(Limits(cpus=0.5))["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("name", ["../../etc", "a b", "run;rm -rf", "x" * 300, "", "-flag", "ünïcode"])
def test_a_hostile_name_becomes_a_harmless_one_of_its_own(name: str) -> None:
    made = safe_name(name)
    assert made.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert len(made) <= 100
    assert made != safe_name(name + "'")


def test_a_harmless_name_stays_itself() -> None:
    assert safe_name("digits-20261121-000-1") == "digits-20261121-000-1"
