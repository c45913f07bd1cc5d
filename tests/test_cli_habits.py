"""What people type at the `evroute` command, and what it says of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("evroute")
REST = 'loadmodule "rest_client.so"\nevent_route[E_X] { rest_get("http://x/", $var(b)); xlog("$rc $var(b)\\n"); }\n'


def evroute(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["chek", "x.cfg"], "did you mean 'check'?"),
        (["--server", "4.0", "RUN", "x.cfg"], "did you mean 'run'?"),
        (["frobnicate"], "commands are run, replay, serve"),
    ],
)
def test_a_misspelt_command_names_the_near_one(arguments: list[str], near: str) -> None:
    done = evroute(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: there is no command" in done.stderr
    assert near in done.stderr
    assert len(done.stderr.splitlines()) == 1


class TestStubs:
    @pytest.fixture
    def script(self, tmp_path: Path) -> Path:
        path = tmp_path / "rest.cfg"
        path.write_text(REST)
        return path

    def test_run_answers_as_the_rule_says(self, script: Path) -> None:
        done = evroute("run", script, "--stub", 'rest_get returns 200 sets $var(b)="hello"', "--raise", "E_X")
        assert (done.returncode, done.stdout, done.stderr) == (0, "200 hello\n", "")

    def test_who_has_no_rule_is_told_how_to_give_one(self, script: Path) -> None:
        done = evroute("run", script, "--raise", "E_X")
        assert "--stub 'rest_get returns 1'" in done.stderr
        assert "%stub" not in done.stderr

    def test_so_does_replay(self, script: Path, tmp_path: Path) -> None:
        events = tmp_path / "events.jsonl"
        events.write_text('{"event": "E_X", "params": {}}\n')
        done = evroute("replay", script, events, "--stub", "rest_get returns 204")
        assert (done.returncode, done.stdout) == (0, "204 <null>\n")

    @pytest.mark.parametrize("command", [["run"], ["serve", "--mi", "datagram:127.0.0.1:0"]])
    def test_wrong_rules_are_told_at_once(self, script: Path, command: list[str]) -> None:
        done = evroute(*command, script, "--stub", "xlog returns 1", "--stub", "rest_gte")
        assert done.returncode == 2
        assert "xlog is simulated here" in done.stderr
        assert "did you mean 'rest_get'?" in done.stderr


class TestMigrate:
    """What `evroute migrate` leaves to do is said, and told by the exit code."""

    OLD = 'event_route[E_X] {\n    fetch_event_params("ip=$var(ip)");\n%s}\n'

    def migrated(self, folder: Path, line: str, *options: str) -> subprocess.CompletedProcess[str]:
        path = folder / "old.cfg"
        path.write_text(self.OLD % line)
        return evroute("migrate", path, *options)

    def test_all_that_is_applied_is_done(self, tmp_path: Path) -> None:
        done = self.migrated(tmp_path, "", "--apply")
        assert done.returncode == 0
        assert "by hand" not in done.stderr
        assert done.stdout.endswith("1 place changed\n")
        assert evroute("migrate", tmp_path / "old.cfg").returncode == 0

    @pytest.mark.parametrize("options", [["--apply"], []])
    def test_what_remains_is_counted(self, tmp_path: Path, options: list[str]) -> None:
        done = self.migrated(tmp_path, '    setdebug(3);\n    fetch_event_params("$var(a)" . "$var(b)");\n', *options)
        assert done.returncode == 1
        assert "old.cfg:4:5: warning: this stays as it is: the list of variables is no plain text" in done.stderr
        assert done.stderr.splitlines()[-1].endswith(
            "old.cfg: to be changed by hand: 1 place that stays as it is, and 2 errors of the new text"
        )

    def test_what_stays_is_told_once_and_where_it_is_now(self, tmp_path: Path) -> None:
        path = tmp_path / "old.cfg"
        path.write_text(
            'loadmodule "avpops.so"\nroute {\n  avp_printf("$avp(x)", "a"); if (is_avp_set("$avp(y)/s")) exit;\n}\n'
        )
        before = evroute("migrate", path)
        assert [line for line in before.stderr.splitlines() if "is_avp_set" in line] == [
            f"{path}:3:35: warning: this stays as it is: is_avp_set is gone: compare with NULL, $avp(x) != NULL "
            "[avp-function]"
        ]
        assert evroute("migrate", path, "--apply").stderr == evroute("migrate", path).stderr
        line, column = (int(each) for each in evroute("migrate", path).stderr.split(":")[1:3])
        assert path.read_text().splitlines()[line - 1][column - 1 :].startswith("is_avp_set(")

    def test_what_remains_of_a_migrated_file_is_no_success(self, tmp_path: Path) -> None:
        self.migrated(tmp_path, "    nonsense();\n", "--apply")
        again = evroute("migrate", tmp_path / "old.cfg", "--apply")
        assert again.returncode == 1
        assert again.stdout == ""
        assert again.stderr.endswith("old.cfg: to be changed by hand: 1 error of the new text\n")
