"""Debuggers that attach to an `evroute serve` that runs."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.dap.door import CLIENTS, DebugDoor
from evroute_kernel.engine.dap.stream import Stream
from evroute_kernel.source import Source
from support import dap_editor
from support.dap_editor import Editor
from support.mi_clients import wait_until

COMMAND = Path(sys.executable).with_name("evroute")
DEADLINE = 60.0
SCRIPT = 'event_route[E_X] {\n    $var(n) = 1;\n    xlog("n is $var(n) of $param(ip)\\n");\n}\n'
TOKEN = "what-only-we-know"


class Served:
    """An `evroute serve --debug` that runs."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.script, self.socket = folder / "x.cfg", folder / "debug.sock"
        self._folder = folder

    def text(self, name: str) -> str:
        return (self._folder / name).read_text("utf-8")

    @property
    def token(self) -> str:
        found = re.search(r"debuggers attach at \S+ \(.* with the token (\S+)\)", self.text("err"))
        return found[1] if found else ""

    def raise_event(self) -> None:
        """Waits until it has been accepted; then it runs."""
        found = re.search(r"listening on datagram:127.0.0.1:(\d+) ", self.text("err"))
        assert found is not None
        asked = {"jsonrpc": "2.0", "id": 1, "method": "raise_event", "params": ["E_X", '{"ip": "192.0.2.1"}']}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.sendto(json.dumps(asked).encode(), ("127.0.0.1", int(found[1])))
            answer = json.loads(client.recv(65536))
            assert answer.get("result") == "OK", answer


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as started:
        wait_until(lambda: started.token != "")
        yield started


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Served]:
    (folder / "x.cfg").write_text(SCRIPT, "utf-8")
    command = [COMMAND, "serve", folder / "x.cfg", "--mi", "datagram:127.0.0.1:0", "--debug", folder / "debug.sock"]
    with (
        (folder / "out").open("w") as out,
        (folder / "err").open("w") as err,
        subprocess.Popen([*command, *arguments], stdout=out, stderr=err, text=True) as process,
    ):
        try:
            yield Served(process, folder)
        finally:
            process.kill()
            process.wait(DEADLINE)


def stop(editor: Editor, served: Served, line: int = 3) -> int:
    """Stop an event of a client that has attached: the thread."""
    editor.body("setBreakpoints", source={"path": str(served.script)}, breakpoints=[{"line": line}])
    editor.body("configurationDone")
    served.raise_event()
    return int(editor.next("stopped")["threadId"])


def test_a_served_script_is_debugged_and_serves_on(served: Served) -> None:
    assert stat.S_IMODE(served.socket.stat().st_mode) == 0o600
    with dap_editor.editor() as editor:
        assert editor.begin("attach", socket=str(served.socket), token=served.token)["success"]
        thread = stop(editor, served)
        (frame,) = editor.body("stackTrace", threadId=thread)["stackFrames"]
        assert (frame["name"], frame["line"]) == ("event_route[E_X]", 3)
        assert frame["source"] == {"name": "x.cfg", "path": str(served.script)}
        assert editor.body("evaluate", expression="$param(ip)", frameId=frame["id"])["result"] == "192.0.2.1"
        editor.body("evaluate", expression="$var(n) = 7;", frameId=frame["id"])
        editor.body("continue", threadId=thread)
        told = editor.next("output")
        assert (told["category"], told["output"], told["line"]) == ("stdout", "n is 7 of 192.0.2.1\n", 3)
        served.raise_event()
        editor.next("stopped")
        assert editor.ask("disconnect")["success"]  # and what stands still goes on
        assert editor.process.wait(DEADLINE) == 0
    wait_until(lambda: served.text("out").count("n is") == 2)
    served.raise_event()
    wait_until(lambda: served.text("out").count("n is") == 3)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(DEADLINE) == 0
    assert not served.socket.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"token": "wrong"}, "needs the token that evroute serve has told"),
        ({}, "needs the token"),
        ({"token": "\ud800"}, "needs the token"),
        ({"token": 5}, "token is a text"),
        ({"tokenFile": "/nonexistent"}, "cannot read the token in /nonexistent: No such file"),
        ({"socket": "/nonexistent"}, "no evroute serve --debug /nonexistent can be reached: no such file"),
        ({"socket": None}, 'attach wants a "socket"'),
    ],
)
def test_who_may_not_attach_is_told_why_and_may_try_again(
    served: Served, arguments: dict[str, Any], words: str
) -> None:
    with dap_editor.editor() as editor:
        refused = editor.begin("attach", **{"socket": str(served.socket), **arguments})
        assert not refused["success"]
        assert words in refused["message"]
        assert editor.body("attach", socket=str(served.socket), token=served.token) == {}
        editor.next("initialized")
        assert editor.body("threads")["threads"]


def test_without_the_token_nothing_is_answered(served: Served) -> None:
    with connected(served.socket) as client:
        assert client.ask("initialize")["success"]
        for command in ("threads", "setBreakpoints", "evaluate", "configurationDone", "terminate", "launch"):
            assert not client.ask(command, expression="1")["success"]
        assert not client.ask("attach", token="")["success"]
        assert client.ask("disconnect", terminateDebuggee=True)["success"]
    assert served.process.poll() is None
    assert served.text("err").count("has refused a debugger") == 1


def test_a_server_that_ends_says_so(served: Served) -> None:
    with dap_editor.editor() as editor:
        editor.begin("attach", socket=str(served.socket), token=served.token)
        stop(editor, served)
        served.process.send_signal(signal.SIGTERM)
        editor.next("terminated")
        assert served.process.wait(DEADLINE) == 0
        assert editor.ask("threads")["message"] in ("evroute serve has ended", "nothing is debugged")
        assert editor.ask("disconnect")["success"]
        assert editor.process.wait(DEADLINE) == 0


def test_a_server_that_is_killed_ends_the_debugging(served: Served) -> None:
    with dap_editor.editor() as editor:
        editor.begin("attach", socket=str(served.socket), token=served.token)
        stop(editor, served)
        served.process.kill()
        editor.next("terminated")
        assert editor.ask("disconnect")["success"]
        assert editor.process.wait(DEADLINE) == 0


def test_a_client_may_end_the_server(served: Served) -> None:
    with dap_editor.editor() as editor:
        editor.begin("attach", socket=str(served.socket), token=served.token)
        stop(editor, served)
        assert editor.ask("disconnect", terminateDebuggee=True)["success"]
    assert served.process.wait(DEADLINE) == 0


def test_the_token_may_be_in_a_file_that_goes_with_the_server(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("an old one")
    with serving(tmp_path, "--debug-token-file", str(file)) as served:
        wait_until(lambda: "debuggers attach" in served.text("err"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() not in served.text("err")
        with dap_editor.editor() as editor:
            assert editor.begin("attach", socket=str(served.socket), tokenFile=str(file))["success"]
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(DEADLINE) == 0
        assert not file.exists()


def test_the_token_may_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVROUTE_DEBUG_TOKEN", TOKEN)
    with serving(tmp_path) as served:
        wait_until(lambda: "debuggers attach" in served.text("err"))
        assert TOKEN not in served.text("err")
        with dap_editor.editor() as editor:
            assert editor.begin("attach", socket=str(served.socket))["success"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--debug", "/nonexistent/x"], "cannot listen at /nonexistent/x"),
        (["--debug", "/" + "x" * 200], "is no path for a socket"),
        (["--debug", "{folder}/x.cfg"], "exists already"),
        (["--debug-token-file", "{folder}/token"], "needs --debug"),
        (["--debug", "{folder}/d", "--debug-token-file", "/nonexistent/x"], "cannot write the token"),
    ],
)
def test_wrong_options(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "x.cfg").write_text(SCRIPT)
    given = [each.format(folder=tmp_path) for each in arguments]
    command = [COMMAND, "serve", tmp_path / "x.cfg", "--mi", "datagram:127.0.0.1:0", *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert words in done.stderr


# -- several clients, and clients that vanish, with a session of our own ----------------------------------------------


class Client(Editor):
    """One that speaks with the socket itself."""

    def __init__(self, opened: socket.socket) -> None:
        super().__init__(Stream(opened.makefile("rb"), opened.makefile("wb")))
        self.socket = opened

    def vanish(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def connected(path: Path) -> Iterator[Client]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
        opened.settimeout(DEADLINE)
        opened.connect(str(path))
        client = Client(opened)
        try:
            yield client
        finally:
            client.stream.close()


class House:
    """A session with a door for debuggers."""

    def __init__(self, folder: Path, grace: float, closing: ExitStack) -> None:
        self.session = Session(workers=2, timeout=DEADLINE)
        closing.callback(self.session.close)
        self._closing = closing
        self.path = folder / "d"
        self.said: list[str] = []
        self.door = DebugDoor(self.session, str(self.path), TOKEN, tell=self.said.append, end=lambda: None, grace=grace)
        self.session.attach(self.door)
        self.session.load(SCRIPT, "/x.cfg")

    def client(self) -> Client:
        client = self._closing.enter_context(connected(self.path))
        assert client.begin("attach", token=TOKEN)["success"]
        return client

    def stopped(self, client: Client) -> Any:
        """A run that stands still for this client: its future."""
        client.body("setBreakpoints", source={"path": "/x.cfg"}, breakpoints=[{"line": 3}])
        client.body("configurationDone")
        run = self.session.submit("E_X")
        client.next("stopped")
        return run


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[[float], House]]:
    with ExitStack() as closing:
        yield lambda grace: House(tmp_path, grace, closing)


def test_several_clients_debug_the_same_session(house: Callable[[float], House]) -> None:
    home = house(DEADLINE)
    first, second = home.client(), home.client()
    for client, line in ((first, 2), (second, 3)):
        client.body("setBreakpoints", source={"path": "/x.cfg"}, breakpoints=[{"line": line}])
        client.body("configurationDone")
    run = home.session.submit("E_X")
    thread = first.next("stopped")["threadId"]
    assert "does not stand still" in second.ask("continue", threadId=thread)["message"]
    first.body("continue", threadId=thread)
    second.body("continue", threadId=second.next("stopped")["threadId"])
    assert run.result(DEADLINE).ok
    assert first.ask("disconnect")["success"]
    assert home.stopped(second)


def test_a_run_goes_on_some_time_after_its_client_has_vanished(house: Callable[[float], House]) -> None:
    home = house(0.2)
    client = home.client()
    run = home.stopped(client)
    client.vanish()
    assert run.result(DEADLINE).ok
    assert home.said == ["a debugger is gone while a run stands still: that goes on in 0.2 s"]
    assert home.stopped(home.client())


def test_a_client_that_comes_back_finds_what_stood_still(house: Callable[[float], House]) -> None:
    home = house(DEADLINE)
    client = home.client()
    run = home.stopped(client)
    client.vanish()
    wait_until(lambda: home.said)
    client = home.client()
    client.body("configurationDone")
    thread = client.next("stopped")["threadId"]
    assert client.body("stackTrace", threadId=thread)["stackFrames"][0]["line"] == 3
    client.body("continue", threadId=thread)
    assert run.result(DEADLINE).ok
    assert home.session.raise_event("E_X").ok  # its breakpoints are for it to set anew


def test_a_session_that_is_closed_waits_for_nobody(house: Callable[[float], House]) -> None:
    home = house(DEADLINE)
    lost, held = home.client(), home.client()
    runs = [home.stopped(lost)]
    lost.vanish()
    wait_until(lambda: home.said)
    runs.append(home.stopped(held))
    home.session.close()
    assert held.next("terminated") == {}
    assert held.stream.read() is None
    assert all(run.result(DEADLINE) for run in runs)
    assert not home.path.exists()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("evroute debugger")]


def test_one_client_too_many_is_not_let_in(house: Callable[[float], House]) -> None:
    home = house(DEADLINE)
    for _ in range(CLIENTS):
        home.client()
    with connected(home.path) as client:
        assert client.stream.read() is None
    assert "are there already" in home.said[0]


def test_a_client_that_reads_nothing_is_given_up(house: Callable[[float], House], tmp_path: Path) -> None:
    home = house(DEADLINE)
    home.client()
    record = home.session.raise_event("E_X").log[0]
    for _ in range(100_000):
        if not home.door.clients:
            break
        home.door.heard(record, None)
    wait_until(lambda: not home.door.clients)
    assert home.session.raise_event("E_X").ok


def test_links_lead_to_the_same_file(house: Callable[[float], House], tmp_path: Path) -> None:
    home = house(DEADLINE)
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    (real / "y.cfg").write_text(SCRIPT)
    home.session.load(Source("y.cfg", SCRIPT, str(real / "y.cfg")))
    client = home.client()
    source = {"path": str(link / "y.cfg")}
    (placed,) = client.body("setBreakpoints", source=source, breakpoints=[{"line": 3}])["breakpoints"]
    assert placed["source"]["path"] == source["path"]
    client.body("configurationDone")
    run = home.session.submit("E_X")
    thread = client.next("stopped")["threadId"]
    assert client.body("stackTrace", threadId=thread)["stackFrames"][0]["source"]["path"] == source["path"]
    client.body("disconnect")
    assert run.result(DEADLINE).ok
