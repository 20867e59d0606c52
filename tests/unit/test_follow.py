"""Logs: what scripts print cannot drive a terminal or fill a disk."""

from trainyard.runs.untrusted import clean
from trainyard.verbs.follow import MAX_LOG_BYTES, bounded


def test_escapes_and_control_characters_are_taken_out() -> None:
    assert clean(b"\x1b[31mred\x1b[0m \x1b]0;title\x07x\x00\x08y\r\nz") == b"red xy\nz"
    assert clean("a\u009b31mb\u202ec\u2066d".encode()) == b"a31mbcd"
    assert clean(b"\xff\x9b latin") == b"\xff\x9b latin"


def test_a_progress_bar_becomes_lines() -> None:
    assert clean(b"1/3\r2/3\r3/3\n") == b"1/3\n2/3\n3/3\n"


def test_a_huge_log_keeps_its_beginning_and_its_end() -> None:
    log = bounded(iter([b"first\n", *[b"x" * 1_000_000] * 40, b"\nlast\n"]))
    assert log.startswith(b"first\n")
    assert log.endswith(b"\nlast\n")
    assert b"bytes left out" in log
    assert len(log) < 2 * MAX_LOG_BYTES
