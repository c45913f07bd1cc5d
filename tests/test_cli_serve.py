"""`evroute serve` as a process, with the clients that people have as other processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from support.mi_clients import Clients, read_json, wait_until

COMMAND = Path(sys.executable).with_name("evroute")
DEADLINE = 60.0
RAISES = 10_000
DOORS = ("datagram:127.0.0.1:0", "unix:{folder}/mi.sock", "fifo:{folder}/mi.fifo", "http:127.0.0.1:0/mi")
KINDS = [door.partition(":")[0] for door in DOORS]
LOGS = """
startup_route { xlog("up\\n"); }
event_route[E_X] { xlog("x $param(1)\\n"); }
"""
SCRIPT = f"""{LOGS}
event_route[E_PIKE_BLOCKED] {{ xlog("L_WARN", "blocked $param(ip) $param(port)\\n"); }}
event_route[E_FAIL] {{ $var(x) = 1; $var(x) /= $param(1); }}
"""


@dataclass(frozen=True)
class Served:
    """A running `evroute serve`."""

    process: subprocess.Popen[str]
    folder: Path

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text("utf-8")

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text("utf-8")

    @property
    def addresses(self) -> dict[str, str]:
        """By kind."""
        return {found.partition(":")[0]: found for found in re.findall(r"listening on (\S+) \(", self.err)}

    def clients(self, kind: str) -> Clients:
        return Clients(self.addresses[kind], self.folder)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@contextmanager
def serving(folder: Path, *arguments: str, script: str = SCRIPT, doors: int = 1) -> Iterator[Served]:
    """Run the command; returns when so many doors are open."""
    (folder / "x.cfg").write_text(script, "utf-8")
    command = [COMMAND, "serve", folder / "x.cfg", *arguments]
    with (
        (folder / "out").open("w") as out,
        (folder / "err").open("w") as err,
        subprocess.Popen(command, stdout=out, stderr=err, text=True) as process,
    ):
        served = Served(process, folder)
        try:
            wait_until(lambda: len(served.addresses) == doors or process.poll() is not None)
            assert process.poll() is None, served.err
            yield served
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(DEADLINE)


def all_doors(folder: Path) -> list[str]:
    return [f"--mi={door.format(folder=folder)}" for door in DOORS] + [f"--reply-dir={folder}"]


def kill_worker(served: Served) -> None:
    """Kill the worker that runs routes; without a client, whose start takes as long as a thousand raises."""
    connection = HTTPConnection("127.0.0.1", int(served.clients("http").port), timeout=DEADLINE)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/mi", '{"jsonrpc":"2.0","id":1,"method":"ps"}', headers)
    processes = json.loads(connection.getresponse().read())["result"]["Processes"]
    connection.close()
    for pid in [process["PID"] for process in processes if process["Type"] == "worker"]:
        assert pid not in (0, 1, os.getpid(), served.process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, *all_doors(folder), "--workers=1", doors=len(DOORS)) as running:
        yield running


def evroute(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve", *arguments], capture_output=True, timeout=DEADLINE, check=False, text=True, encoding="utf-8"
    )


class TestClients:
    @pytest.mark.parametrize("kind", KINDS)
    def test_opensips_mi(self, served: Served, kind: str) -> None:
        clients = served.clients(kind)
        names = [event["name"] for event in clients.ask("events_list")["Events"]]
        assert names[6:9] == ["E_X", "E_PIKE_BLOCKED", "E_FAIL"]
        assert clients.ask("raise_event", ["E_X", [f"one {kind}"]]) == "OK"
        assert clients.ask("raise_event", {"event": "E_X", "params": f'{{"n":"two {kind}"}}'}) == "OK"
        assert clients.ask("evi:raise", {"event": "E_PIKE_BLOCKED", "params": f'{{"ip":"{kind}","port":7}}'}) == "OK"
        wait_until(lambda: f"blocked {kind} 7\n" in served.err)
        assert f"x one {kind}\nx two {kind}\n" in served.out
        done = clients.mi("raise_event", "E_NOWHERE")
        assert (done.returncode, done.stdout) == (1, "ERROR:  Error executing command: 404: Event not registered\n")

    @pytest.mark.parametrize("kind", KINDS)
    def test_opensips_cli(self, served: Served, kind: str) -> None:
        clients = served.clients(kind)
        done = clients.cli("raise_event", "E_X", f"cli {kind}", "more")
        assert (done.returncode, done.stdout) == (0, '"OK"\n'), done.stderr
        done = clients.cli("raise_event", "event=E_X", f"params=named-{kind}")
        assert (done.returncode, done.stdout) == (0, '"OK"\n'), done.stderr
        wait_until(lambda: f"x named-{kind}\n" in served.out)
        assert f"x cli {kind}\n" in served.out
        assert '"E_PIKE_BLOCKED"' in clients.cli("events_list").stdout
        done = clients.cli("no_such_command")
        assert done.returncode != 0
        assert "no_such_command" in done.stderr + done.stdout

    @pytest.mark.parametrize("kind", ["datagram", "fifo", "http"])
    def test_opensips_event(self, served: Served, kind: str) -> None:
        clients = served.clients(kind)
        with clients.listening("E_X") as printed:
            clients.ask("raise_event", {"event": "E_X", "params": '{"ip":"192.0.2.1","n":42}'})
            assert read_json(printed) == {"jsonrpc": "2.0", "method": "E_X", "params": {"ip": "192.0.2.1", "n": 42}}
            clients.ask("raise_event", ["E_X", ["y", 7]])
            assert read_json(printed)["params"] == ["y", "7"]

    @pytest.mark.parametrize(("kind", "raises"), [("datagram", RAISES), ("fifo", 2000), ("http", 2000)])
    def test_thousands_of_raises_in_one_connection(self, tmp_path: Path, kind: str, raises: int) -> None:
        with serving(tmp_path, *all_doors(tmp_path), "--workers=1", script=LOGS, doors=len(DOORS)) as served:
            assert served.clients(kind).many(raises) == "done\n"
            wait_until(lambda: f"x {raises - 1}\n" in served.out)
            assert served.out == "up\n" + "".join(f"x {number}\n" for number in range(raises))
            assert served.end() == 0
            assert served.err.count("\n") == len(DOORS)

    def test_each_raise_is_run_or_told_when_workers_die(self, tmp_path: Path) -> None:
        """The worker is killed after every hundred raises or more."""
        with (
            serving(tmp_path, *all_doors(tmp_path), "--workers=1", script=LOGS, doors=len(DOORS)) as served,
            ThreadPoolExecutor(1) as pool,
        ):
            raises = kills = before = 0
            while kills <= 10:  # on a busy machine it takes more than one round
                raising = pool.submit(served.clients("datagram").many, RAISES, raises)
                raises += RAISES
                while not raising.done():
                    # lines come in blocks: after a kill, not before the next worker has run something
                    if (lines := served.out.count("\n")) > max(100 * (kills + 1), before):
                        kill_worker(served)
                        kills, before = kills + 1, lines
                    time.sleep(0.002)
                assert raising.result() == "done\n"
            assert served.clients("fifo").ask("raise_event", ["E_X", ["last"]]) == "OK"
            wait_until(lambda: served.out.endswith("x last\n"))
        logged = [int(line.removeprefix("x ")) for line in served.out.splitlines()[1:-1]]
        told = served.err.count("error: event_route[E_X] ended with its worker, which was killed by SIGKILL")
        assert logged == sorted(set(logged))
        assert raises - len(logged) <= told <= kills

    def test_a_run_that_fails_is_told(self, served: Served) -> None:
        assert served.clients("http").ask("raise_event", {"event": "E_FAIL", "params": '{"n":0}'}) == "OK"
        wait_until(lambda: "event_route[E_FAIL]" in served.err)
        assert "dies here" in served.err


class TestEnd:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_and_nothing_is_left(self, tmp_path: Path, number: int) -> None:
        script = SCRIPT + 'event_route[E_SLEEP] { xlog("asleep\\n"); sleep(60); }'
        with serving(tmp_path, *all_doors(tmp_path), script=script, doors=len(DOORS)) as served:
            served.clients("http").ask("raise_event", ["E_SLEEP"])
            wait_until(lambda: "asleep\n" in served.out)
            children = psutil.Process(served.process.pid).children(recursive=True)
            assert children
            assert served.end(number) == 0
            assert psutil.wait_procs(children, timeout=DEADLINE)[1] == []
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("mi")) == []
        assert "Traceback" not in served.err

    @pytest.mark.parametrize("rest", ["", "sleep(60);"], ids=["ended", "runs-still"])
    def test_nobody_reads_its_output(self, tmp_path: Path, rest: str) -> None:
        (tmp_path / "x.cfg").write_text(f'event_route[E_X] {{ xlog("$param(1)\n"); {rest} }}')
        command = [COMMAND, "serve", tmp_path / "x.cfg", "--mi=http:127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            clients = Clients(process.stderr.readline().split()[2], tmp_path)
            process.stdout.close()
            clients.ask("raise_event", ["E_X", ["unread"]])
            assert process.wait(DEADLINE) == 0
            assert process.stderr.read() == ""


class TestListening:
    def test_only_what_was_asked_for(self, tmp_path: Path) -> None:
        with serving(tmp_path, "--mi=http:127.0.0.1:0") as served:
            process = psutil.Process(served.process.pid)
            found = [c for p in (process, *process.children(recursive=True)) for c in p.net_connections("inet")]
            port = int(served.clients("http").port)
            assert [(c.laddr.ip, c.laddr.port, c.status) for c in found] == [("127.0.0.1", port, psutil.CONN_LISTEN)]

    def test_other_addresses_need_a_token(self, tmp_path: Path) -> None:
        with serving(tmp_path, "--mi=http:127.0.0.1:0", "--listen=0.0.0.0", "--token=secret") as served:
            assert served.addresses["http"].startswith("http:0.0.0.0:")
            for token, status in (("", 401), ("wrong", 401), ("secret", 200)):
                connection = HTTPConnection("127.0.0.1", int(served.clients("http").port), timeout=DEADLINE)
                headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
                connection.request("POST", "/mi", '{"jsonrpc":"2.0","id":1,"method":"pwd"}', headers)
                assert connection.getresponse().status == status
                connection.close()

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--mi=datagramm:127.0.0.1:0"], "did you mean 'datagram'?"),
            (["--mi=http:0.0.0.0:0"], "0.0.0.0 is no loopback address"),
            (["--mi=http:127.0.0.1:0", "--listen=0.0.0.0"], "needs a token"),
            (["--mi=datagram:127.0.0.1:0", "--listen=0.0.0.0"], "datagrams cannot carry a token"),
            (["--mi=unix:/nonexistent/mi"], "cannot listen on unix:/nonexistent/mi: No such file or directory"),
            (["--workers=0"], "expected a number from 1 on"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, arguments: list[str], told: str) -> None:
        (tmp_path / "x.cfg").write_text(SCRIPT)
        done = evroute(tmp_path / "x.cfg", *arguments)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_script_that_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "x.cfg").write_text("event_route[E_X] {\n  xlgo(1);\n}")
        done = evroute(tmp_path / "x.cfg", f"--mi=unix:{tmp_path}/mi")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"{tmp_path}/x.cfg:2:3\n" in done.stderr
        assert "listening" not in done.stderr

    def test_the_token_may_come_by_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EVROUTE_MI_TOKEN", "secret")
        with serving(tmp_path, "--mi=http:127.0.0.1:0", f"--mi=unix:{tmp_path}/mi", doors=2) as served:
            assert "401" in served.clients("http").mi("pwd").stdout
            assert served.clients("unix").ask("pwd") == {"WD": str(Path.cwd())}


class TestLog:
    def test_timers_run(self, tmp_path: Path) -> None:
        script = 'timer_route[t, 1] { xlog("tick\\n"); }'
        with serving(tmp_path, f"--mi=unix:{tmp_path}/mi", script=script) as served:
            wait_until(lambda: served.out.startswith("tick\ntick\n"))

    def test_records_as_json(self, tmp_path: Path) -> None:
        with serving(tmp_path, f"--mi=unix:{tmp_path}/mi", "--json", "--no-timers") as served:
            served.clients("unix").ask("raise_event", ["E_X", ["ä"]])
            wait_until(lambda: served.out.count("\n") == 2)
        first, second = map(json.loads, served.out.splitlines())
        assert (first["route"], first["text"]) == ("startup_route", "up\n")
        assert (second["event"], second["route"], second["text"]) == ("E_X", "event_route[E_X]", "x ä\n")

    def test_the_same_twice(self, tmp_path: Path) -> None:
        script = (
            'startup_route { xlog("up $RANDOM\\n"); }\nevent_route[E_X] { xlog("$RANDOM $uuid $time(%T) $pp\\n"); }'
        )
        repeated = ("--freeze=2026-11-30T10:00:00", "--seed=7", "--workers=1", "--json")
        printed = []
        for _ in range(2):
            with serving(tmp_path, f"--mi=unix:{tmp_path}/mi", *repeated, script=script) as served:
                for _ in range(2):
                    served.clients("unix").ask("raise_event", ["E_X"])
                wait_until(lambda: served.out.count("\n") == 3)
                assert [each["PID"] for each in served.clients("unix").ask("ps")["Processes"]] == [1000, 1001]
                printed.append(served.out)
        assert printed[0] == printed[1]
        assert "10:00:00" in printed[0]
