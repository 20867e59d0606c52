"""`python -m trainyard_harness`: one training. Exit codes and files: docs/reference/harness.md."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import sys
import time
from typing import Any

from trainyard_harness import entry as entries
from trainyard_harness import final, hazards, seeds
from trainyard_harness import session as sessions
from trainyard_harness.files import dump, read_json, write_atomic
from trainyard_harness.frameworks import HOOKS
from trainyard_harness.identity import identity
from trainyard_harness.imports import AfterImport
from trainyard_harness.leaving import leave
from trainyard_harness.printed import Listener, numbers_in_files
from trainyard_harness.script import describe, own_traceback, run
from trainyard_harness.session import OutOfTime, Session, StartAgain
from trainyard_harness.trial import HarnessError, Trial, from_environment, read_job, read_spec
from trainyard_harness.work import copy_source

FINISHED, SCRIPT_FAILED, USAGE, NO_METRIC, OUT_OF_TIME, DISK_FULL = 0, 1, 2, 3, 4, 28
GRACE = 20.0
"""Seconds that a script has after SIGTERM to measure what it has trained."""


def main() -> int:
    """One training; a disk that fills up anywhere in it has an exit code of its own."""
    try:
        return _main()
    except OSError as error:  # shutil.Error is one too
        if not _out_of_space(error):
            raise
        print("trainyard: no space left on the disk.", file=sys.stderr)
        return DISK_FULL


def _main() -> int:
    seeds.fix_hash_seed()
    trial = None
    try:
        trial = from_environment()
        session = prepare(trial)
    except HarnessError as error:
        print(f"trainyard: {error}", file=sys.stderr)
        if trial is not None:
            failed = {
                "type": "HarnessError",
                "message": str(error),
                "file": None,
                "line": None,
                "module": None,
            }
            write_atomic(
                trial.metrics, dump({"schema": 1, "state": "failed", "metrics": [], "error": failed})
            )
        return error.code
    return train(session)


def prepare(trial: Trial) -> Session:
    """Everything before the script's first line: its copy, seeds, hooks, signals.

    Raises:
        HarnessError: the job, the spec or the entry script is not usable.
    """
    job, spec = read_job(trial), read_spec(trial)
    entry = job.entry or entries.choose(trial.source)
    if not (trial.source / entry).is_file():
        raise HarnessError(f"{entry}: there is no such file in {trial.source}.")
    copy_source(trial.source, trial.work)
    marker = trial.checkpoint / "hold-out"
    session = Session(trial, job, spec, entry, force_holdout=marker.exists())
    session.holdable = read_json(marker) or {}
    session.store.belongs_to(identity(trial, session.force_holdout))
    sessions.begin(session)
    os.environ.update(job.env)
    imports = AfterImport(session.fault)
    seeds.seed_everything(imports, job.seed, session.lookahead.names | session.lookahead.keywords)
    hazards.quieten(imports, job.answers, trial.work)
    for install in HOOKS:
        install(imports)
    imports.install()
    signal.signal(signal.SIGTERM, lambda *_: _time_is_up(session))
    session.record.write()
    return session


def train(session: Session) -> int:
    """Runs the script and concludes; the exit code."""
    error: BaseException | None = None
    began = time.time()
    sys.stdout = Listener(sys.stdout, session.heard)
    try:
        session.running = True
        if session.out_of_time:
            raise OutOfTime
        run(session.entry, session.job.argv, session.trial.work)
    except SystemExit as left:
        error = left if left.code not in (None, 0) else None
    except StartAgain as wish:
        if not session.out_of_time:
            _again(session, str(wish), hold_out=False)
        session.fitted.clear()  # what was half replayed was never trained
    except BaseException as raised:  # noqa: BLE001  KeyboardInterrupt, MemoryError and OutOfTime are answers too
        error = raised
    finally:
        session.concluding = True
        _read_files(session, began)
        with contextlib.suppress(ValueError, OSError):
            signal.setitimer(signal.ITIMER_REAL, 0)
    return conclude(session, error)


def _read_files(session: Session, since: float) -> None:
    """Numbers in files that the script wrote."""
    with contextlib.suppress(Exception):  # whatever is in them, they are only the last resort
        for path, name, value, split, n in numbers_in_files(session.trial.work, since):
            session.told(
                name, value, split, n, "metrics file", path.relative_to(session.trial.work).as_posix()
            )


def conclude(session: Session, error: BaseException | None) -> int:
    record = session.record
    measured = False
    try:
        measured = final.conclude(session)
    except Exception as fault:  # noqa: BLE001
        session.fault("conclusion", fault)
    if error is None and not measured and not session.out_of_time and _could_hold_out(session):
        _again(session, "Nothing was measured on data apart: trained once more with rows held out.", True)
    if isinstance(error, Exception) and session.force_holdout and session.holdable and not measured:
        # It has run to its end before, with all of its rows.
        record.note(f"With rows held out the script fails ({type(error).__name__}: {error}).")
        error = None
    code = FINISHED if measured else NO_METRIC
    if session.out_of_time:
        record.set(error=_error("OutOfTime", "The time budget was over before the script ended."))
        code = OUT_OF_TIME
        print("trainyard: OutOfTime: the time budget was over before the script ended.", file=sys.stderr)
    elif error is not None:
        found = describe(error, session.trial.work)
        record.set(error=found)
        code = DISK_FULL if _out_of_space(error) else SCRIPT_FAILED
        _say(session, error, found)
    elif not measured:
        record.note("Nothing that the script does could be measured on held-out data.")
        print("trainyard: nothing that the script does could be measured on held-out data.", file=sys.stderr)
    record.state = "finished" if measured and (error is None or session.out_of_time) else "failed"
    if error is None and not session.out_of_time:
        record.state = "finished"
    record.write()
    _print_numbers(session)
    return code


def _out_of_space(error: BaseException) -> bool:
    return isinstance(error, OSError) and os.strerror(errno.ENOSPC) in str(error)


def _time_is_up(session: Session) -> None:
    """SIGTERM. A fit under way ends after its current step; the script may then measure for GRACE seconds.

    Before the script's first line it is only noted: nobody would catch it there.
    """
    if session.concluding:
        return
    session.out_of_time = True
    if not session.running:
        return
    signal.signal(signal.SIGALRM, lambda *_: _enough(session))
    signal.setitimer(signal.ITIMER_REAL, GRACE)
    if not session.stoppable:
        raise OutOfTime


def _enough(session: Session) -> None:
    if not session.concluding:
        raise OutOfTime


def _could_hold_out(session: Session) -> bool:
    return any(one.fits for one in session.fitted) and not session.force_holdout


def _again(session: Session, why: str, hold_out: bool) -> None:
    """Replaces this process by a fresh training of the same trial, without its checkpoints."""
    session.record.note(why)
    session.record.write()
    shutil.rmtree(session.trial.checkpoint, ignore_errors=True)
    session.trial.checkpoint.mkdir(parents=True)
    if hold_out:
        write_atomic(session.trial.checkpoint / "hold-out", dump(session.holdable))
    print(f"trainyard: {why}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    os.chdir(session.trial.folder)
    os.environ["TRAINYARD_TRIAL"] = str(session.trial.folder)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "file": None, "line": None, "module": None}


def _say(session: Session, error: BaseException, found: dict[str, Any]) -> None:
    sys.stdout.flush()
    if not isinstance(error, SystemExit):
        print(own_traceback(error, session.trial.work), file=sys.stderr, end="")
    place = f"{found['file']}:{found['line']}: " if found["file"] else ""
    print(f"trainyard: {place}{found['type']}: {found['message'][:500]}", file=sys.stderr, flush=True)


def _print_numbers(session: Session) -> None:
    """The numbers that count, on one line each."""
    for one in session.record.metrics:
        if one["part"] == "report" or session.trial.by_hand:
            interval = one["interval"]
            between = f" [{interval[0]:.4f}, {interval[1]:.4f}]" if interval else ""
            rows = f", {one['n']} rows" if one["n"] else ""
            print(
                f"trainyard: {one['name']} {one['value']:.4f}{between} "
                f"({one['part']} of {one['split']} data, {one['origin']}{rows})"
            )
    if session.trial.by_hand:
        print(f"trainyard: everything is in {session.trial.folder}")


if __name__ == "__main__":
    leave(main())
