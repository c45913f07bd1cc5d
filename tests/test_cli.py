"""The `evroute` command as a process of its own: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from support.evroute_command import listening

COMMAND = Path(sys.executable).with_name("evroute")
PIKE = 'event_route[E_PIKE_BLOCKED] {\n\txlog("blocked $param(ip)\\n");\n\txlog("L_WARN", "careful\\n");\n}\n'


def evroute(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs the installed command."""
    command = Path(sys.executable).with_name("evroute")
    done = subprocess.run([command, *arguments], input=stdin, capture_output=True, timeout=60, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def on_terminal(*arguments: str | Path) -> str:
    """What the command shows when both of its streams are a terminal."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST  # line ends as they are written
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    process = subprocess.Popen([COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    with suppress(OSError):  # which is how a terminal says that nobody has it open any more
        while data := os.read(master, 4096):
            shown += data
    os.close(master)
    process.wait(timeout=60)
    return shown.decode("utf-8", "surrogateescape")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "pike.cfg"
    path.write_text(PIKE, encoding="utf-8")
    return path


TRACED = (
    "startup_route { $shv(a) = 1; }\nevent_route[E_X] {\n\troute(r, $param(n));\n}\nroute[r] { $var(n) = $param(1); }\n"
)


def test_the_same_run_twice(tmp_path: Path) -> None:
    script = tmp_path / "x.cfg"
    script.write_text('event_route[E_X] { xlog("$time(%H:%M) $RANDOM $uuid $pp\\n"); }')
    arguments = ("run", script, "--raise", "E_X", "--freeze", "2026-11-30T10:00:00", "--seed")
    first, second, other = (evroute(*arguments, seed).stdout for seed in ("7", "7", "8"))
    assert first.startswith("10:00 ")
    assert first == second != other
    done = evroute("run", script, "--freeze", "noon")
    assert done.returncode == 2
    assert "--freeze: the clock stands at a time, not at 'noon' (write 2026-11-30T10:00:00" in done.stderr


def test_run_traces_what_it_runs(tmp_path: Path) -> None:
    script = tmp_path / "x.cfg"
    script.write_text(TRACED)
    done = evroute("run", script, "--raise", 'E_X n="3\x1b"', "--trace")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["startup_route"],
        ["1", *"$shv(a) = 1 $shv(a) = 1".split()],
        ["event_route[E_X]"],
        ["3", *"route(r, $param(n)) calls route[r]".split()],
        ["5", *"$var(n) = $param(1) $var(n) =".split(), '"3\\u001b"'],
    ]
    done = evroute("run", script, "--raise", "E_X n=3", "--trace", "--json")
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(step["number"], step["line"], step.get("changed")) for step in steps] == [
        (1, 1, {"$shv(a)": 1}),
        (1, 3, None),
        (2, 5, {"$var(n)": 3}),
    ]
    done = evroute("run", script, "--raise", "E_X n=3 --trace")
    assert done.returncode == 2
    assert "evroute run FILE --trace" in done.stderr


class TestManyFindings:
    """A line of 42 kB that is wrong 3,000 times over."""

    @pytest.fixture
    def wrong(self, tmp_path: Path) -> Path:
        path = tmp_path / "wrong.cfg"
        path.write_text("route[a] { " + "nonsense(1); " * 3000 + "}\n")
        return path

    def test_run_counts_them(self, wrong: Path) -> None:
        done = evroute("run", wrong)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.endswith("... and 2,980 more findings\n")
        assert len(done.stderr) < 10_000

    def test_check_prints_each_on_a_line(self, wrong: Path) -> None:
        done = evroute("check", wrong)
        assert len(done.stdout.splitlines()) == 3000
        assert max(map(len, done.stdout.splitlines())) < 200


class TestExportOfFiles:
    def test_files_elsewhere_are_read_when_asked_for(self, tmp_path: Path) -> None:
        (tmp_path / "nb").mkdir()
        (tmp_path / "b.cfg").write_text("route[b] { $shv(x) = 1; }")
        notebook = {"cells": [{"cell_type": "code", "source": "%load ../b.cfg", "metadata": {}}], "metadata": {}}
        path = tmp_path / "nb" / "a.ipynb"
        path.write_text(json.dumps(notebook))
        done = evroute("export", path)
        target = tmp_path / "nb" / "a.cfg"
        assert done.stdout == f"{target}: 0 routes; not read, because outside of the folder: ../b.cfg\n"
        assert '\ninclude_file "../b.cfg"\n' in target.read_text()
        assert "cfgutils" not in target.read_text()
        done = evroute("export", path, "--force", "--read-outside")
        assert (done.returncode, done.stdout) == (0, f"{target}: 1 route\n")
        assert 'loadmodule "cfgutils.so"' in target.read_text()


class TestRun:
    def test_prints_what_is_logged(self, script: Path) -> None:
        done = evroute("run", script, "--raise", "E_PIKE_BLOCKED ip=192.0.2.1", "--raise", "E_PIKE_BLOCKED ip=::1")
        assert done.returncode == 0
        assert done.stdout == "blocked 192.0.2.1\nblocked ::1\n"
        assert done.stderr == "careful\ncareful\n"

    def test_json(self, script: Path) -> None:
        done = evroute("run", script, "--json", "--raise", 'E_PIKE_BLOCKED {"ip": "Zoë"}')
        first, second = map(json.loads, done.stdout.splitlines())
        assert (done.returncode, done.stderr) == (0, "")
        assert (first["level"], first["text"], first["event"]) == ("NOTICE", "blocked Zoë\n", "E_PIKE_BLOCKED")
        assert (first["line"], first["file"], first["diagnostic"]) == (2, str(script), False)
        assert (second["level"], second["text"]) == ("WARNING", "careful\n")

    def test_text_without_newline_stays_without(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('event_route[E_X] { xlog("a"); xlog("b"); }')
        assert evroute("run", path, "--raise", "E_X").stdout == "ab"

    def test_diagnostics_name_their_place(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('event_route[E_X] {\n  xlog("$param(nope)\\n");\n}')
        done = evroute("run", path, "--raise", "E_X a=1")
        assert (done.returncode, done.stdout) == (0, "<null>\n")
        assert done.stderr.startswith(f"{path}:2:")
        assert "WARNING" in done.stderr

    def test_startup_route_runs_without_events(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('startup_route { xlog("up\\n"); }')
        assert evroute("run", path).stdout == "up\n"

    def test_nothing_in_an_event_commands_a_terminal(self, script: Path) -> None:
        value = "a\x1b[2J\x1b]0;title\x07b\rc\x9b2J\x7f\td\ne"
        raised = f"E_PIKE_BLOCKED {json.dumps({'ip': value})}"
        shown = on_terminal("run", script, "--raise", raised)
        assert "blocked a\\x1b[2J\\x1b]0;title\\x07b\\x0dc\\x9b2J\\x7f\td\ne\n" in shown
        # in a pipe every byte stays what it is
        assert evroute("run", script, "--raise", raised).stdout == f"blocked {value}\n"
        as_json = on_terminal("run", script, "--json", "--raise", raised)
        assert json.loads(as_json.splitlines()[0])["text"] == f"blocked {value}\n"
        assert not set(as_json) & {"\x1b", "\x07", "\x7f", "\x9b"}

    def test_nothing_in_an_error_commands_a_terminal(self, tmp_path: Path) -> None:
        path = tmp_path / "a\x1b[2J.cfg"
        path.write_text('event_route[E_X] { xlgo("\x1b[2J"); }')
        for arguments in (
            ("run", path),
            ("check", path),
            ("run", tmp_path / "none\x1b[2J"),
            ("run", path, "--no\x1b[2J"),
        ):
            shown = on_terminal(*arguments)
            assert "\x1b[2J" not in shown, "colours of ours are no harm"
            assert "\\x1b[2J" in shown

    def test_a_script_may_ask_for_colours(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('xlog_force_color = yes\nevent_route[E_X] { xlog("$C(rx)red $param(x)$C(xx)\\n"); }')
        shown = on_terminal("run", path, "--raise", 'E_X {"x": "\\u001b[2J"}')
        assert shown == "\x1b[0;31;49mred \\x1b[2J\x1b[0;39;49m\n"

    def test_output_that_cannot_be_written(self, script: Path, tmp_path: Path) -> None:
        events = tmp_path / "events.jsonl"
        events.write_text('{"event": "E_PIKE_BLOCKED"}\n' * 100)
        notebook = tmp_path / "a.ipynb"
        notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        bad = tmp_path / "bad.cfg"
        bad.write_text("event_route[E_X] { xlgo(1); }")
        commands: list[tuple[str | Path, ...]] = [
            ("run", script, "--raise", "E_PIKE_BLOCKED"),
            ("run", script, "--json", "--raise", "E_PIKE_BLOCKED"),
            ("replay", script, events),
            ("check", bad),
            ("export", notebook, "-o", "-"),
        ]
        for arguments in commands:
            with Path("/dev/full").open("wb") as full:
                done = subprocess.run(
                    [COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
                )
            assert done.returncode == 1, arguments
            assert done.stderr.decode().splitlines()[-1] == (
                "error: cannot write the output: no space left on device"
            ), arguments
            assert b"Traceback" not in done.stderr

    @pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
    def test_streams_that_are_closed(self, script: Path, closed: tuple[int, ...]) -> None:
        shell = " ".join(['exec "$0" "$@"', *(f"{number}>&-" for number in closed)])
        arguments = ["run", script, "--raise", "E_PIKE_BLOCKED ip=192.0.2.66"]
        done = subprocess.run(["sh", "-c", shell, COMMAND, *arguments], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout == (b"" if 1 in closed else b"blocked 192.0.2.66\n")
        assert done.stderr == (b"" if 2 in closed else b"careful\n")

    def test_other_machines_are_reached_when_it_is_said(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('event_route[E_X] { subscribe_event("E_Y", "udp:192.0.2.7:9"); xlog("$rc\\n"); }')
        done = evroute("run", path, "--raise", "E_X")
        assert done.stdout == "-1\n"
        assert "the network is off" in done.stderr
        assert evroute("run", path, "--network", "--raise", "E_X").stdout == "1\n"

    def test_reads_standard_input(self) -> None:
        done = evroute("run", "-", "--raise", "E_PIKE_BLOCKED ip=1 --count 2", stdin=PIKE.encode())
        assert (done.returncode, done.stdout) == (0, "blocked 1\nblocked 1\n")

    def test_includes_are_found_beside_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "routes.cfg").write_text(PIKE)
        path = tmp_path / "main.cfg"
        path.write_text('include_file "routes.cfg"\n')
        assert evroute("run", path, "--raise", "E_PIKE_BLOCKED ip=1").stdout == "blocked 1\n"

    def test_refused_script(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.cfg"
        path.write_text("event_route[E_X] {\n  xlgo(1);\n}")
        done = evroute("run", path, "--raise", "E_X")
        assert (done.returncode, done.stdout) == (1, "")
        assert ":2:" in done.stderr
        assert "^^^^" in done.stderr

    def test_event_nobody_handles(self, script: Path) -> None:
        done = evroute("run", script, "--raise", "E_PIKE_BLOKED ip=1")
        assert done.returncode == 1
        assert "E_PIKE_BLOCKED" in done.stderr

    def test_bad_event_is_a_usage_error_with_a_caret(self, script: Path) -> None:
        done = evroute("run", script, "--raise", "E_PIKE_BLOCKED ip=1 ip=2")
        assert (done.returncode, done.stdout) == (2, "")
        assert "given twice" in done.stderr
        assert "^^" in done.stderr

    def test_odd_parameters_are_remarked_and_raised(self, script: Path) -> None:
        done = evroute("run", script, "--raise", "E_PIKE_BLOCKED pi=192.0.2.7")
        assert done.returncode == 0
        assert "blocked <null>" in done.stdout
        assert "--raise: info: E_PIKE_BLOCKED has no parameter 'pi' (it has ip)\n" in done.stderr

    def test_a_file_is_judged_as_a_server_does(self, tmp_path: Path) -> None:
        (tmp_path / "a.cfg").write_text('loadmodule "tm.so"\nevent_route[E_A] { $shv(x) = 1; }\n')
        for command in ("run", "check"):
            done = evroute(command, tmp_path / "a.cfg")
            assert done.returncode == 1
            assert "belongs to module cfgutils, which is not loaded" in done.stdout + done.stderr

    def test_a_run_that_fails(self, tmp_path: Path) -> None:
        path = tmp_path / "crash.cfg"
        path.write_text('event_route[E_X] { xlog("before\\n"); $var(x) = 1; $var(x) /= 0; xlog("after\\n"); }')
        done = evroute("run", path, "--raise", "E_X")
        assert (done.returncode, done.stdout) == (1, "before\n")
        assert "E_X" in done.stderr

    def test_ctrl_c_ends_it_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "slow.cfg"
        path.write_text('startup_route { xlog("up\\n"); }\nevent_route[E_X] { sleep(50); }')
        command = [str(Path(sys.executable).with_name("evroute")), "run", str(path), "--raise", "E_X --timeout 55"]
        with listening(command) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert process.stderr is not None
            assert process.stderr.read() == ""

    def test_samples_and_options_of_notebooks(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('event_route[E_CORE_SHM_THRESHOLD] { xlog("$param(1) $param(size)\\n"); }')
        done = evroute("run", path, "--raise", "E_CORE_SHM_THRESHOLD --sample usage=12")
        assert (done.returncode, done.stdout) == (0, "12 67108864\n")
        done = evroute("run", path, "--raise", "E_CORE_SHM_THRESHOLD --async")
        assert done.returncode == 2
        assert "--async is for notebooks" in done.stderr


class TestCheck:
    def test_clean(self, script: Path) -> None:
        done = evroute("check", script)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_findings_have_place_and_severity(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.cfg"
        path.write_text('event_route[E_X] {\n  xlgo("a");\n  $vra(x) = 1;\n}')
        done = evroute("check", path)
        assert (done.returncode, done.stderr) == (1, "")
        first, second = done.stdout.splitlines()
        assert first.startswith(f"{path}:2:3: error: ")
        assert first.endswith(" [unknown-function]")
        assert second.startswith(f"{path}:3:3: error: ")

    def test_lints_have_codes(self, tmp_path: Path) -> None:
        path = tmp_path / "pike.cfg"
        path.write_text('event_route[E_PIKE_BLOCKED] {\n  xlog("$param(src_ip)\\n");\n}')
        done = evroute("check", path)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(f"{path}:2:16: warning: ")
        assert done.stdout.endswith("[unknown-param]\n")

    def test_a_report_of_what_runs(self, script: Path) -> None:
        done = evroute("check", "--report", script)
        assert done.returncode == 0
        assert done.stdout.splitlines() == [
            f"{script}:2: simulated: xlog, $param(ip)",
            f"{script}:3: simulated: xlog",
            f"{script}: 3 of 3 names are simulated, 0 stubbed, 0 need a SIP message",
        ]

    def test_several_files(self, tmp_path: Path, script: Path) -> None:
        bad = tmp_path / "bad.cfg"
        bad.write_text("event_route[E_X] { }")
        done = evroute("check", script, bad, tmp_path / "none.cfg")
        assert done.returncode == 2
        assert done.stdout.startswith(f"{bad}:1:")
        assert "cannot read" in done.stderr

    @pytest.mark.parametrize("command", ["check", "run"])
    def test_file_that_is_no_utf8(self, tmp_path: Path, command: str) -> None:
        path = tmp_path / "latin.cfg"
        path.write_bytes(b'event_route[E_X] {\n  xlog("caf\xe9\\n");\n}')
        done = evroute(command, path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert f"{path}:2:12: error: byte 0xe9 is not UTF-8" in done.stderr
        assert r"write \xe9 in" in done.stderr

    def test_file_that_is_not_there(self) -> None:
        done = evroute("check", "/nonexistent/a.cfg")
        assert done.returncode == 2
        assert done.stderr == "error: cannot read /nonexistent/a.cfg: no such file or directory\n"

    @pytest.mark.parametrize("command", ["check", "run", "migrate", "serve"])
    def test_what_is_no_regular_file(self, tmp_path: Path, command: str) -> None:
        os.mkfifo(tmp_path / "fifo")
        done = evroute(command, "/dev/zero")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "error: cannot read /dev/zero: it is a device, not a regular file\n"
        done = evroute(command, tmp_path / "fifo")
        assert (done.returncode, done.stdout) == (2, "")
        assert "it is a FIFO, not a regular file (what another program writes is read with -)" in done.stderr

    def test_included_devices(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text('include_file "/dev/zero"\n')
        done = evroute("check", path)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(f"{path}:1:15: error: cannot read the included file '/dev/zero': it is a device")

    def test_standard_input_without_end(self) -> None:
        with Path("/dev/zero").open("rb") as zero:
            command = [Path(sys.executable).with_name("evroute"), "check", "-"]
            done = subprocess.run(command, stdin=zero, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "error: cannot read -: it is too large: it has more than 16 MiB\n"

    def test_nul_bytes(self, tmp_path: Path) -> None:
        path = tmp_path / "nul.cfg"
        path.write_bytes(b"event_route[E_X] {\0}")
        done = evroute("check", path)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(f"{path}:1:19: error: ")

    @pytest.mark.parametrize("text", ["(" * 1000, "event_route[E_X] { " + "if (1) { " * 1000, "a" * 100_000])
    def test_hostile_text_is_answered(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "a.cfg"
        path.write_text(text)
        done = evroute("check", path)
        assert (done.returncode, done.stderr) == (1, "")


OLD = 'event_route[E_PIKE_BLOCKED, async] {\r\n  fetch_event_params("ip=$avp(ip)");\r\n  exit; # Zoë\r\n}'


class TestMigrate:
    def test_a_diff(self, tmp_path: Path) -> None:
        path = tmp_path / "old.cfg"
        path.write_bytes(OLD.encode())
        done = evroute("migrate", path)
        assert (done.returncode, done.stderr) == (1, "")
        lines = done.stdout.split("\n")
        assert lines[:2] == [f"--- {path}", f"+++ {path} (3.x)"]
        assert "-event_route[E_PIKE_BLOCKED, async] {\r" in lines
        assert "+event_route[E_PIKE_BLOCKED] {\r" in lines
        assert lines[-3:] == [" }", "\\ No newline at end of file", ""]
        assert path.read_bytes() == OLD.encode()

    def test_apply_rewrites_the_file_and_keeps_all_else_of_it(self, tmp_path: Path) -> None:
        path, link = tmp_path / "old.cfg", tmp_path / "link.cfg"
        path.write_bytes(OLD.encode())
        path.chmod(0o640)
        link.symlink_to(path)
        done = evroute("migrate", link, "--apply")
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{link}: 2 places changed\n", "")
        new = path.read_bytes().decode()
        assert new.startswith("event_route[E_PIKE_BLOCKED] {\r\n")
        assert new.endswith("exit; # Zoë\r\n}")
        assert (link.is_symlink(), path.stat().st_mode & 0o777) == (True, 0o640)
        assert sorted(tmp_path.iterdir()) == [link, path]
        assert evroute("migrate", path).returncode == 0
        assert evroute("check", path).returncode == 0

    def test_nothing_to_migrate(self, script: Path) -> None:
        before = script.stat().st_mtime_ns
        for options in ([], ["--apply"]):
            done = evroute("migrate", script, *options)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert script.stat().st_mtime_ns == before

    def test_standard_input(self) -> None:
        done = evroute("migrate", "-", stdin=OLD.encode())
        assert (done.returncode, done.stdout[:6]) == (1, "--- -\n")
        done = evroute("migrate", "-", "--apply", stdin=OLD.encode())
        assert done.returncode == 0
        assert done.stdout.startswith("event_route[E_PIKE_BLOCKED] {\r\n")
        assert evroute("migrate", "-", "--apply", stdin=PIKE.encode()).stdout == PIKE

    def test_what_needs_a_look_is_said(self, tmp_path: Path) -> None:
        path = tmp_path / "old.cfg"
        path.write_text("event_route[E_X] {\n  fetch_event_params($var(list));\n}")
        done = evroute("migrate", path)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"\n{path}:2:3: warning: this stays as it is: " in done.stderr
        assert done.stderr.splitlines()[-2].endswith("]")

    def test_errors_that_are_left_are_said(self, tmp_path: Path) -> None:
        path = tmp_path / "old.cfg"
        path.write_text('loadmodule "event_route.so"\nfork=yes\n')
        left = "error: unknown setting 'fork' (known up to 3.0; debug_mode or the option -F) [syntax]\n"
        rest = f"{path}: to be changed by hand: 1 error of the new text\n"
        assert evroute("migrate", path).stderr == f"{path} (3.x):1:1: {left}{rest}"
        assert evroute("migrate", path, "--apply").stderr == f"{path}:1:1: {left}{rest}"
        assert evroute("migrate", path).stderr == f"{path}:1:1: {left}{rest}"

    def test_several_files(self, tmp_path: Path, script: Path) -> None:
        path = tmp_path / "old.cfg"
        path.write_text(OLD)
        done = evroute("migrate", tmp_path / "none.cfg", path, script, "--apply")
        assert done.returncode == 2
        assert "cannot read" in done.stderr
        assert "async" not in path.read_text()


class TestMigrateTo40:
    TEXT = 'log_name="x"\n# opensips-cli -x mi get_statistics core:\nevent_route[E_X] { exit; }\n'
    SHELL = "#!/bin/sh\nopensips-cli -x mi get_statistics core:\n"

    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        config, shell = tmp_path / "old.cfg", tmp_path / "ask"
        config.write_text(self.TEXT)
        shell.write_text(self.SHELL)
        shell.chmod(0o755)
        return config, shell

    @pytest.mark.parametrize("options", [["migrate", "--to", "4.0"], ["--server", "4.0", "migrate"]], ids=" ".join)
    def test_a_diff(self, files: tuple[Path, Path], options: list[str]) -> None:
        done = evroute(*options, files[0])
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(f"--- {files[0]}\n+++ {files[0]} (4.0)\n")
        changed = [line for line in done.stdout.splitlines()[2:] if line[0] in "+-"]
        assert changed == ['-log_name="x"', '+syslog_name="x"']
        assert evroute("migrate", files[0]).stdout == ""

    def test_commands_in_comments_and_shell_scripts_on_request(self, files: tuple[Path, Path]) -> None:
        done = evroute("migrate", "--mi", "--apply", *files)
        said = f"{files[0]}: 2 places changed\n{files[1]}: 1 place changed\n"
        assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
        for file, text in zip(files, (self.TEXT.replace("log_name", "syslog_name"), self.SHELL), strict=True):
            assert file.read_text() == text.replace("get_statistics", "statistics:get")
        assert files[1].stat().st_mode & 0o777 == 0o755

    def test_a_shell_script_is_no_script_of_a_server(self, files: tuple[Path, Path]) -> None:
        done = evroute("migrate", "--to", "4.0", files[1])
        assert (done.returncode, done.stdout) == (2, "")
        assert "--mi" in done.stderr

    def test_names_of_4_0_are_none_of_3_6(self, files: tuple[Path, Path]) -> None:
        done = evroute("migrate", "--to", "3.6", "--mi", files[0])
        assert (done.returncode, done.stdout) == (2, "")
        assert "--to 4.0" in done.stderr

    def test_what_runs_otherwise_is_said(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text(
            'event_route[E_X] {\n  $avp(x) = 1;\n  raise_event("E_Y");\n  xlog("$avp(x)\\n");\n}\n'
            'event_route[E_Y] { xlog("y\\n"); }\n'
        )
        done = evroute("migrate", "--to", "4.0", path)
        assert (done.returncode, done.stdout) == (0, "")
        assert f"{path}:3:3: info: " in done.stderr
        assert f"{path}:4:9: warning: $avp(x) is null here" in done.stderr
        assert "[after-inline-raise]" in done.stderr

    def test_errors_that_are_left_are_those_of_4_0(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cfg"
        path.write_text("route { sca_set_calling_line(); nosuch(); }\n")
        done = evroute("migrate", "--to", "4.0", path)
        assert done.stderr.count("sca_set_calling_line") == 1  # what stays is no error as well
        assert f"{path}:1:33: error: unknown function nosuch()" in done.stderr
        assert "4.0 has no function sca_set_calling_line()" in done.stderr
        assert "and 1 error of the new text" in done.stderr


class TestExport:
    @pytest.fixture
    def notebook(self, tmp_path: Path) -> Path:
        cells = [
            {"cell_type": "markdown", "source": "# Zoë"},
            {"cell_type": "code", "source": f"{PIKE}%raise E_PIKE_BLOCKED ip=192.0.2.1"},
            {"cell_type": "code", "source": "event_route[E_X] { }"},
        ]
        path = tmp_path / "pike.ipynb"
        path.write_text(json.dumps({"cells": cells}))
        return path

    def test_beside_the_notebook(self, notebook: Path) -> None:
        done = evroute("export", notebook)
        target = notebook.with_suffix(".cfg")
        summary = f"{target}: 1 route; In[2] left out, because OpenSIPS 3.6 refuses it (a comment there says why)\n"
        assert (done.returncode, done.stdout, done.stderr) == (0, summary, "")
        assert "# # Zoë\n" in target.read_text()
        assert evroute("check", target).returncode == 0
        done = evroute("run", target, "--raise", "E_PIKE_BLOCKED ip=192.0.2.1")
        assert (done.returncode, done.stdout) == (0, "blocked 192.0.2.1\n")

    def test_an_old_file_stays_without_force(self, notebook: Path, tmp_path: Path) -> None:
        target = tmp_path / "old.cfg"
        target.write_text("old")
        done = evroute("export", notebook, "-o", target)
        assert (done.returncode, done.stdout, target.read_text()) == (1, "", "old")
        assert done.stderr == f"error: {target} exists (--force replaces it)\n"
        assert evroute("export", notebook, "-o", target, "--force").returncode == 0
        assert PIKE in target.read_text()

    def test_standard_output(self, notebook: Path, tmp_path: Path) -> None:
        done = evroute("export", notebook, "-o", "-")
        assert (done.returncode, done.stderr) == (0, "")
        assert PIKE in done.stdout
        assert list(tmp_path.iterdir()) == [notebook]

    def test_errors_of_the_whole(self, tmp_path: Path) -> None:
        cells = ["route[b] { exit; }", "route[a] { route(b); }", "%forget b"]
        path = tmp_path / "a.ipynb"
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": text} for text in cells]}))
        done = evroute("export", path)
        assert done.returncode == 1
        assert "route(b)" in done.stderr

    def test_what_cannot_be_read_or_written(self, notebook: Path, tmp_path: Path) -> None:
        assert evroute("export", tmp_path / "none.ipynb").returncode == 2
        (tmp_path / "a.ipynb").write_text("no")
        done = evroute("export", tmp_path / "a.ipynb")
        assert (done.returncode, "is no notebook" in done.stderr) == (2, True)
        done = evroute("export", notebook, "-o", tmp_path / "none" / "a.cfg")
        assert (done.returncode, "cannot write" in done.stderr) == (1, True)

    def test_it_needs_no_jupyter(self, notebook: Path) -> None:
        program = (
            "import sys\nfrom evroute_kernel.cli import main\n"
            "try: main(['export', sys.argv[1]])\nexcept SystemExit as end: assert end.code == 0\n"
            "heavy = {'ipykernel', 'jupyter_client', 'nbconvert', 'nbformat', 'zmq', 'traitlets'} & set(sys.modules)\n"
            "sys.exit(str(heavy) if heavy else 0)"
        )
        command = [sys.executable, "-c", program, str(notebook)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


class TestInstall:
    def test_prefix(self, tmp_path: Path) -> None:
        done = evroute("install", "--prefix", tmp_path, "--name", "routes", "--display-name", "Routes")
        assert (done.returncode, done.stderr) == (0, "")
        spec = json.loads((tmp_path / "share/jupyter/kernels/routes/kernel.json").read_text())
        assert spec["display_name"] == "Routes"
        # a console script may have been installed for another name of the same interpreter
        assert Path(spec["argv"][0]).samefile(sys.executable)
        assert Path(spec["argv"][0]).parent == Path(sys.executable).parent
        assert (tmp_path / "share/jupyter/kernels/routes/logo-64x64.png").is_file()

    def test_a_version_has_a_kernelspec_of_its_own(self, tmp_path: Path) -> None:
        for line in (["install", "--server", "4.0"], ["--server", "4.0", "install"]):
            assert evroute(*line, "--prefix", tmp_path).stdout.startswith("installed the kernelspec evroute-4.0 in ")
        spec = json.loads((tmp_path / "share/jupyter/kernels/evroute-4.0/kernel.json").read_text())
        assert spec["argv"][-1] == "--EvrouteKernel.server=4.0"

    def test_one_place_only(self, tmp_path: Path) -> None:
        assert evroute("install", "--user", "--prefix", tmp_path).returncode == 2

    def test_bad_name(self, tmp_path: Path) -> None:
        done = evroute("install", "--prefix", tmp_path, "--name", "no/such")
        assert done.returncode == 2
        assert "no/such" in done.stderr


class TestUsage:
    def test_nothing(self) -> None:
        assert evroute().returncode == 2

    def test_help_names_the_commands(self) -> None:
        done = evroute("--help")
        assert done.returncode == 0
        assert all(command in done.stdout for command in ("run", "check", "migrate", "export", "install"))

    def test_version(self) -> None:
        from evroute_kernel import __version__

        assert evroute("--version").stdout == f"evroute {__version__}\n"

    def test_reader_that_goes_away(self, tmp_path: Path) -> None:
        path = tmp_path / "many.cfg"
        path.write_text('event_route[E_X] { xlog("0123456789\\n"); }')
        command = f"{Path(sys.executable).with_name('evroute')} run {path} --raise 'E_X --count 20000' | head -n 1"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout, done.stderr) == ("0123456789\n", "")
