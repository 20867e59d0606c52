from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from chain_helper import Chain

from trainyard.chain import workspace
from trainyard.chain.execute import execute
from trainyard.chain.jobs import CONDITIONS, Result
from trainyard.exits import ExitCode, TrainyardError

TWO_JOBS = """
- job:
    name: one
    builders: [{shell: %s}]
    publishers:
      - trigger-parameterized-builds:
          - {project: two, condition: %s, property-file: next.properties, fail-on-missing: true}
- job:
    name: two
    parameters: [{string: {name: RUN}}]
    builders: [{shell: 'echo "run=$RUN"'}]
"""


def results(found: object) -> list[tuple[str, str]]:
    return [(build.job, build.result.value) for build in found.builds]  # type: ignore[attr-defined]


def test_what_a_job_writes_into_its_property_file_reaches_the_next_one(chain: Chain) -> None:
    done = chain.run(TWO_JOBS % ("echo RUN=digits/7 > next.properties", "SUCCESS"))
    assert results(done) == [("one", "SUCCESS"), ("two", "SUCCESS")]
    assert done.builds[1].parameters == {"RUN": "digits/7"}
    assert "run=digits/7" in chain.log("two")


def test_a_missing_property_file_triggers_nothing(chain: Chain) -> None:
    assert results(chain.run(TWO_JOBS % ("'true'", "SUCCESS"))) == [("one", "SUCCESS")]


def test_a_missing_required_property_file_triggers_nothing_whatever_else_is_passed(chain: Chain) -> None:
    text = TWO_JOBS.replace("fail-on-missing: true", "fail-on-missing: true, predefined-parameters: RUN=1")
    assert results(chain.run(text % ("'true'", "SUCCESS"))) == [("one", "SUCCESS")]


def test_a_property_file_is_expanded_against_its_builds_environment(chain: Chain) -> None:
    done = chain.run(TWO_JOBS % ("'echo ''RUN=$JOB_NAME/$BUILD_NUMBER'' > next.properties'", "SUCCESS"))
    assert done.builds[1].parameters == {"RUN": "one/1"}


def test_a_missing_property_file_that_is_not_required_leaves_the_other_parameters(chain: Chain) -> None:
    text = """
- job:
    name: one
    builders: [{shell: 'true'}]
    publishers:
      - trigger-parameterized-builds:
          - {project: two, predefined-parameters: RUN=fixed, property-file: absent.properties}
- job:
    name: two
    parameters: [{string: {name: RUN}}]
    builders: [{shell: 'true'}]
"""
    assert chain.run(text).builds[1].parameters == {"RUN": "fixed"}


def test_a_later_source_of_parameters_replaces_an_earlier_one(chain: Chain) -> None:
    text = """
- job:
    name: one
    parameters: [{string: {name: A, default: current}}, {string: {name: B, default: current}}]
    builders: [{shell: 'echo "A=file $A $BUILD_NUMBER" > next.properties'}]
    publishers:
      - trigger-parameterized-builds:
          - {project: two, current-parameters: true, property-file: next.properties}
          - {project: two, property-file: next.properties, predefined-parameters: 'A=$JOB_NAME of $$1'}
- job:
    name: two
    parameters: [{string: {name: A}}, {string: {name: B, default: ' default '}}]
    builders: [{shell: 'true'}]
"""
    done = chain.run(text)
    assert [build.parameters for build in done.builds[1:]] == [
        {"A": "file current 1", "B": "current"},
        {"A": "one of $1", "B": " default "},
    ]


def test_equal_builds_that_wait_are_one(chain: Chain) -> None:
    text = """
- job:
    name: one
    builders: [{shell: 'true'}]
    publishers:
      - trigger-parameterized-builds:
          - {project: 'two, two', predefined-parameters: A=1}
          - {project: two, predefined-parameters: A=1}
          - {project: two, predefined-parameters: A=2}
- job: {name: two, parameters: [{string: {name: A}}], builders: [{shell: 'true'}]}
"""
    assert [build.parameters["A"] for build in chain.run(text).builds[1:]] == ["1", "2"]


def test_start_values_and_defaults_are_trimmed_where_the_job_says_so(chain: Chain) -> None:
    text = """
- job:
    name: one
    parameters:
      - string: {name: A, trim: true}
      - string: {name: B, trim: false}
      - string: {name: C, default: ' c ', trim: true}
    builders: [{shell: 'true'}]
"""
    assert chain.run(text, A=" a ", B=" b ").builds[0].parameters == {"A": "a", "B": " b ", "C": "c"}


@pytest.mark.parametrize(
    ("code", "result", "conditions"),
    [
        (0, "SUCCESS", {"SUCCESS", "UNSTABLE_OR_BETTER", "FAILED_OR_BETTER", "ALWAYS"}),
        (
            10,
            "UNSTABLE",
            {"UNSTABLE", "UNSTABLE_OR_BETTER", "UNSTABLE_OR_WORSE", "FAILED_OR_BETTER", "ALWAYS"},
        ),
        (3, "FAILURE", {"FAILED", "UNSTABLE_OR_WORSE", "FAILED_OR_BETTER", "ALWAYS"}),
    ],
)
def test_exit_codes_become_results_and_results_choose_the_triggers(
    chain: Chain, code: int, result: str, conditions: set[str]
) -> None:
    every = sorted(CONDITIONS)
    triggers = "".join(
        f"\n          - {{project: {name}, condition: {name}, predefined-parameters: A=1}}" for name in every
    )
    targets = "".join(
        f"\n- job: {{name: {name}, parameters: [{{string: {{name: A}}}}], builders: [{{shell: 'true'}}]}}"
        for name in every
    )
    text = f"""
- job:
    name: one
    builders:
      - shell: {{command: exit {code}, unstable-return: 10}}
    publishers:
      - trigger-parameterized-builds:{triggers}{targets}
"""
    done = chain.run(text)
    assert (done.builds[0].result, done.builds[0].exit_code) == (result, code)
    assert {build.job for build in done.builds[1:]} == conditions
    assert (done.failed is not None) == (code == 3)


def test_a_failed_step_ends_its_build_and_the_chain(chain: Chain) -> None:
    text = """
- job:
    name: one
    builders:
      - shell: echo RUN=x > next.properties
      - shell: |
          false
          echo not reached
      - shell: echo not reached either
    publishers:
      - trigger-parameterized-builds:
          - {project: two, condition: SUCCESS, property-file: next.properties}
- job: {name: two, parameters: [{string: {name: RUN}}], builders: [{shell: 'true'}]}
"""
    assert results(chain.run(text)) == [("one", "FAILURE")]
    assert "reached" not in chain.log("one").replace("+ ", "")


def test_a_cycle_goes_round_until_nothing_is_written(chain: Chain) -> None:
    text = """
- job:
    name: one
    parameters: [{string: {name: N, default: '0'}}]
    builders: [{shell: 'echo "N=$N" > next.properties'}]
    publishers:
      - trigger-parameterized-builds:
          - {project: two, condition: SUCCESS, property-file: next.properties, fail-on-missing: true}
- job:
    name: two
    parameters: [{string: {name: N}}]
    builders:
      - shell: 'rm -f next.properties; if [ "$N" -lt 3 ]; then echo "N=$((N + 1))" > next.properties; fi'
    publishers:
      - trigger-parameterized-builds:
          - {project: one, condition: SUCCESS, property-file: next.properties, fail-on-missing: true}
"""
    done = chain.run(text)
    assert [build.parameters["N"] for build in done.builds if build.job == "two"] == ["0", "1", "2", "3"]
    assert [build.number for build in done.builds if build.job == "two"] == [1, 2, 3, 4]


def test_undeclared_parameters_are_dropped_as_jenkins_drops_them(chain: Chain) -> None:
    done = chain.run(TWO_JOBS % (r"'printf ''RUN=1\nPATH=/nowhere\n'' > next.properties'", "SUCCESS"))
    assert done.builds[1].parameters == {"RUN": "1"}
    assert any("PATH is not declared by two" in line for line in chain.said)


HOSTILE = """$(touch pwned) `touch pwned` "; touch pwned; " '; touch pwned; ' $HOME \\ * -x ü😀"""


def test_hostile_values_reach_a_quoted_step_as_they_are(chain: Chain) -> None:
    text = """
- job:
    name: one
    parameters: [{string: {name: VALUE}}]
    builders: [{shell: 'printf %s "$VALUE" > seen; ls > files'}]
"""
    done = chain.run(text, VALUE=HOSTILE + "\nsecond line")
    workspace = chain.home / "chain/one/workspace"
    assert done.failed is None
    assert (workspace / "seen").read_text() == HOSTILE + "\nsecond line"
    assert sorted(path.name for path in workspace.iterdir()) == ["files", "seen"]


def test_a_value_that_no_process_can_get_fails_its_build_with_a_line(chain: Chain) -> None:
    text = "- job: {name: one, parameters: [{string: {name: A}}], builders: [{shell: 'true'}]}"
    assert chain.run(text, A="x\0y").builds[0].result is Result.FAILURE
    assert any("cannot be started" in line for line in chain.said)


def test_steps_see_the_variables_of_jenkins_and_find_this_pythons_commands(chain: Chain) -> None:
    text = """
- job:
    name: one
    builders:
      - shell: 'echo "$JOB_NAME $BUILD_NUMBER $WORKSPACE $PWD"; command -v python'
"""
    chain.run(text)
    chain.run(text)
    workspace = chain.home / "chain/one/workspace"
    assert f"one 2 {workspace} {workspace}\n" in chain.log("one", 2)
    assert str(Path(sys.executable).parent / "python") in chain.log("one", 2)


def test_a_step_names_its_own_interpreter_as_in_jenkins(chain: Chain) -> None:
    text = f"""
- job:
    name: one
    builders:
      - shell: |
          #!{sys.executable} -E
          import sys
          print("python", sys.flags.ignore_environment)
"""
    chain.run(text)
    assert chain.log("one") == "python 1\n"


def test_a_missing_interpreter_is_a_failed_build_not_a_traceback(chain: Chain) -> None:
    text = '- job: {name: one, builders: [{shell: "#!/no/such/shell\\ntrue\\n"}]}'
    assert chain.run(text).builds[0].result is Result.FAILURE
    assert any("/no/such/shell" in line for line in chain.said)


def test_an_undefined_variable_in_a_step_of_ours_is_an_error(chain: Chain) -> None:
    text = '- job: {name: one, builders: [{shell: "#!/bin/sh -eu\\necho $NOT_SET_ANYWHERE\\n"}]}'
    assert chain.run(text).builds[0].result is Result.FAILURE


def test_archived_files_stay_with_their_build(chain: Chain) -> None:
    text = """
- job:
    name: one
    builders:
      - shell: 'mkdir -p result/deep; echo $BUILD_NUMBER > result/deep/report.html'
      - shell: ln -sf /etc/passwd result/p
    publishers:
      - archive: {artifacts: 'result/**, *.properties', allow-empty: true}
"""
    chain.run(text)
    chain.run(text)
    builds = chain.home / "chain/one/builds"
    assert (builds / "1/archive/result/deep/report.html").read_text() == "1\n"
    assert (builds / "2/archive/result/deep/report.html").read_text() == "2\n"
    assert not (builds / "1/archive/result/p").exists()


def test_nothing_to_archive_fails_the_build_unless_allowed(chain: Chain) -> None:
    text = "- job: {name: one, builders: [{shell: 'true'}], publishers: [{archive: {artifacts: x/*, %s}}]}"
    assert chain.run(text % "allow-empty: false").builds[0].result is Result.FAILURE
    assert chain.run(text % "allow-empty: true").builds[0].result is Result.SUCCESS


def test_old_builds_are_discarded_as_the_job_says(chain: Chain) -> None:
    text = """
- job:
    name: one
    properties: [{build-discarder: {num-to-keep: 2}}]
    builders: [{shell: 'true'}]
"""
    for _ in range(4):
        chain.run(text)
    assert sorted(path.name for path in (chain.home / "chain/one/builds").iterdir()) == ["3", "4"]


def test_timers_are_ignored_with_a_word(chain: Chain) -> None:
    chain.run("- job: {name: one, triggers: [{timed: '* * * * *'}], builders: [{shell: 'true'}]}")
    assert any("timer '* * * * *' ignored" in line for line in chain.said)


def test_a_disabled_job_is_not_started(chain: Chain) -> None:
    text = (TWO_JOBS % ("echo RUN=1 > next.properties", "SUCCESS")).replace(
        "name: two", "name: two\n    disabled: true"
    )
    assert results(chain.run(text)) == [("one", "SUCCESS")]
    assert any("two is disabled" in line for line in chain.said)


@pytest.mark.parametrize(
    ("first", "parameters", "said"),
    [
        ("none", {}, "no job none"),
        ("one", {"X": "1"}, "one: has no parameter X"),
    ],
)
def test_a_wrong_start_is_an_error_before_anything_runs(
    chain: Chain, first: str, parameters: dict[str, str], said: str
) -> None:
    with pytest.raises(TrainyardError, match=said) as caught:
        chain.run("- job: {name: one, builders: [{shell: 'true'}]}", first, **parameters)
    assert caught.value.code is ExitCode.CHAIN
    assert not chain.home.exists()


def test_a_trigger_of_a_job_that_does_not_exist_is_an_error_before_anything_runs(chain: Chain) -> None:
    with pytest.raises(TrainyardError, match="one: triggers two, which does not exist"):
        chain.run((TWO_JOBS % ("'true'", "SUCCESS")).split("- job:\n    name: two")[0])
    assert not chain.home.exists()


def test_a_process_left_behind_does_not_hold_the_chain(chain: Chain) -> None:
    began = time.monotonic()
    done = chain.run("- job: {name: one, builders: [{shell: 'echo before; sleep 60 & echo $! > pid'}]}")
    assert done.failed is None
    assert time.monotonic() - began < 30
    os.kill(int((chain.home / "chain/one/workspace/pid").read_text()), signal.SIGKILL)
    assert "before" in chain.log("one")


def test_where_the_chain_has_a_terminal_its_steps_have_one_of_the_same_size(chain: Chain) -> None:
    import fcntl
    import struct
    import termios

    reader, writer = os.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    text = "- job: {name: one, builders: [{shell: '[ -t 1 ] && [ -t 2 ] && stty size <&1'}]}"
    done = chain.run(text, stream=writer)
    os.close(writer)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that its other side is closed
        while True:
            shown += os.read(reader, 65536)
    os.close(reader)
    assert done.failed is None
    assert b"33 99" in shown
    log = (chain.home / "chain/one/builds/1/log").read_bytes()
    assert b"33 99\n" in log
    assert b"\r" not in log


def test_elsewhere_steps_have_no_terminal_and_no_input(chain: Chain) -> None:
    reader, writer = os.pipe()
    done = chain.run(
        "- job: {name: one, builders: [{shell: '[ ! -t 1 ]; [ ! -t 2 ]; cat; echo end'}]}", stream=writer
    )
    os.close(writer)
    assert done.failed is None
    assert os.read(reader, 65536).endswith(b"end\n")
    os.close(reader)


def test_a_console_that_went_away_ends_nothing(chain: Chain) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = chain.run(
        "- job: {name: one, builders: [{shell: 'echo a; sleep 0.1; echo b; touch end'}]}", stream=writer
    )
    os.close(writer)
    assert done.failed is None
    assert (chain.home / "chain/one/workspace/end").exists()
    assert "b\n" in chain.log("one")


# One process per chain, for what needs signals or runs at the same time.
PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from trainyard.chain.execute import execute
    from trainyard.chain.render import JobXml

    home, job = Path(sys.argv[1]), JobXml("one", Path(sys.argv[2]).read_text())
    done = execute([job], "one", {}, home=home, say=lambda line: print(line, flush=True))
    print([build.result.value for build in done.builds], done.signal)
    """
)


@pytest.fixture
def start(chain: Chain, tmp_path: Path):  # type: ignore[no-untyped-def]
    started: list[subprocess.Popen[str]] = []

    def go(shell: str) -> subprocess.Popen[str]:
        (job,) = chain.render(f"- job: {{name: one, builders: [{{shell: '{shell}'}}]}}")
        xml = tmp_path / "one.xml"
        xml.write_text(job.xml)
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(chain.home), str(xml)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        return started[-1]

    yield go
    for process in started:
        process.kill()
        process.communicate()


def wait_for(path: Path) -> Path:
    deadline = time.monotonic() + 30
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_step_and_ends_the_chain_with_a_line(chain: Chain, start, number) -> None:  # type: ignore[no-untyped-def]
    process = start(
        f'trap "echo got > trapped; exit 0" {number.value}; echo x > started; while :; do sleep 0.05; done'
    )
    workspace = chain.home / "chain/one/workspace"
    wait_for(workspace / "started")
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert (workspace / "trapped").read_text() == "got\n"
    assert f"['ABORTED'] {number.value}" in said
    assert f"ended by signal {number.value}" in said


def test_a_step_does_not_outlive_a_killed_chain(chain: Chain, start) -> None:  # type: ignore[no-untyped-def]
    process = start("echo $$ > pid; exec sleep 600")
    pid = int(wait_for(chain.home / "chain/one/workspace/pid").read_text())
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and "sleep" in Path(f"/proc/{pid}/cmdline").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_chains_that_run_at_once_have_workspaces_and_builds_of_their_own(chain: Chain, start) -> None:  # type: ignore[no-untyped-def]
    shell = "echo $BUILD_NUMBER > number; pwd; while [ ! -e ../go ]; do sleep 0.02; done; cat number"
    first, second = start(shell), start(shell)
    job = chain.home / "chain/one"
    numbers = {wait_for(job / name / "number").read_text() for name in ("workspace", "workspace@2")}
    (job / "go").touch()
    assert first.wait(30) == second.wait(30) == 0
    assert numbers == {"1\n", "2\n"}
    for number in ("1", "2"):
        assert (job / "builds" / number / "log").read_text().endswith(f"{number}\n")


def test_a_build_number_that_another_chain_took_meanwhile_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "_numbers", lambda builds: [])  # what was listed before the other came
    assert [workspace.new_build(tmp_path)[0] for _ in range(3)] == [1, 2, 3]


def test_the_home_may_be_named_relatively(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chain.home = Path("home")
    assert chain.run("- job: {name: one, builders: [{shell: pwd}]}").failed is None
    assert f"{tmp_path}/home/chain/one/workspace\n" in chain.log("one")


def test_a_home_that_cannot_be_written_is_one_clear_error(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(TrainyardError, match="TRAINYARD_HOME"):
        chain.run("- job: {name: one, builders: [{shell: 'true'}]}")


def test_execute_runs_what_render_gives(tmp_path: Path) -> None:
    """The six shipped jobs, walked with a stand-in for the command: below target once, then at target."""
    from trainyard.chain.render import render

    stub = tmp_path / "trainyard"
    stub.write_text(
        textwrap.dedent(
            """\
            #!/bin/sh
            rm -f run.properties
            echo "$*" >> "$TRAINYARD_HOME/verbs"
            case $1 in
              retrain)
                if [ -e "$TRAINYARD_HOME/again" ]; then
                  mkdir -p result; echo {} > result/verdict.json; exit 0
                fi
                touch "$TRAINYARD_HOME/again";;
            esac
            echo RUN=wine/1 > run.properties
            if [ "$1" = evaluate ] && [ ! -e "$TRAINYARD_HOME/again" ]; then exit 10; fi
            """
        )
    )
    stub.chmod(0o755)
    home = tmp_path / "home"
    jobs = render("wine", cache=tmp_path / "cache")
    # The step's own PATH comes first: give it the stand-in by name.
    steps = [type(job)(job.name, job.xml.replace("exec trainyard", f"exec {stub}")) for job in jobs]
    env = {**os.environ, "TRAINYARD_HOME": str(home)}
    given = {"URL": HOSTILE, "BRANCH": "a$(touch pwned)b", "COMMIT": "abc", "POLICY": "preset=serve-above-90"}
    done = execute(steps, "wine-job1-pull", given, home=home, say=lambda line: None, env=env)
    assert [(build.job.removeprefix("wine-"), build.result.value) for build in done.builds] == [
        ("job1-pull", "SUCCESS"),
        ("job2-launch", "SUCCESS"),
        ("job3-evaluate", "UNSTABLE"),
        ("job4-tweak", "SUCCESS"),
        ("job5-retrain", "SUCCESS"),
        ("job3-evaluate", "SUCCESS"),
        ("job5-retrain", "SUCCESS"),
    ]
    verbs = (home / "verbs").read_text().splitlines()
    assert verbs[0] == (
        f"pull --repo wine --url {HOSTILE} --branch a$(touch pwned)b --commit abc "
        "--policy preset=serve-above-90 --again no --properties run.properties"
    )
    assert verbs[1] == "launch --run wine/1 --properties run.properties --archive result"
    assert list(home.rglob("pwned")) == []
    assert (done.builds[-1].log.parent / "archive/result/verdict.json").exists()
