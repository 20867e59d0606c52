"""What a container's end means: the machine died, the code failed, or the memory was too small."""

from __future__ import annotations

from typing import Any

import pytest

from trainyard.executors.base import Status
from trainyard.executors.endings import judge


def ended(code: int, *, killed_for_memory: bool = False, error: str = "") -> dict[str, Any]:
    return {"Status": "exited", "ExitCode": code, "OOMKilled": killed_for_memory, "Error": error}


def never() -> bool:
    return False


@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_what_has_not_ended_is_running(status: str) -> None:
    assert judge({"Status": status, "ExitCode": 0}, never, 2**20).status == Status.RUNNING


def test_a_container_that_was_never_started_counts_as_absent() -> None:
    assert judge({"Status": "created", "ExitCode": 0}, never, 2**20).status == Status.ABSENT


@pytest.mark.parametrize("code", [0, 1, 3, 4, 124])
def test_a_code_of_the_harness_is_an_exit(code: int) -> None:
    found = judge(ended(code), never, 2**20)
    assert (found.status, found.exit_code) == (Status.EXITED, code)


def test_sigkill_from_outside_is_death() -> None:
    assert judge(ended(137), never, 2**20).status == Status.DIED


def test_sigkill_by_the_memory_killer_is_out_of_memory() -> None:
    found = judge(ended(137, killed_for_memory=True), never, 2**30, 1000 * 2**20)
    assert found.status == Status.OUT_OF_MEMORY
    assert "its limit of 1024 MiB; the peak was 1000 MiB" in found.detail


def test_a_peak_that_nobody_measured_is_not_made_up() -> None:
    assert "nobody looked at its peak" in judge(ended(137, killed_for_memory=True), never, 2**30).detail


def test_an_event_counts_where_the_engine_missed_the_flag() -> None:
    assert judge(ended(137), lambda: True, 2**20).status == Status.OUT_OF_MEMORY


def test_a_child_killed_for_memory_fails_its_parent_as_out_of_memory() -> None:
    found = judge(ended(1, killed_for_memory=True), never, 2**20)
    assert found.status == Status.OUT_OF_MEMORY
    assert "One of its processes" in found.detail


def test_a_child_killed_for_memory_that_its_parent_survived_changes_nothing() -> None:
    assert judge(ended(0, killed_for_memory=True), never, 2**20).status == Status.EXITED


@pytest.mark.parametrize("code", [143, 129, 130])
def test_signals_of_a_machine_that_goes_down_are_death(code: int) -> None:
    assert judge(ended(code), never, 2**20).status == Status.DIED


def test_an_engine_that_went_down_is_death() -> None:
    assert judge(ended(255), never, 2**20).status == Status.DIED


def test_a_segmentation_fault_is_the_code_failing() -> None:
    found = judge(ended(139), never, 2**20)
    assert found.status == Status.EXITED
    assert "SIGSEGV" in found.detail
