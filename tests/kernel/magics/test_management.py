"""`%mi` in a real kernel: commands in the notebook, and doors for the clients that people have."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.frontend import SPIN, Frontend, Result, started
from support.mi_clients import Clients, read_json

#: of Jupyter
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
ROUTE = 'event_route[E_X] { xlog("x $param(1)\\n"); }\n'


@pytest.fixture
def kernel(kernel: Frontend) -> Any:
    yield kernel
    kernel.run("%mi stop")


def listening(kernel: Frontend) -> set[tuple[str, int]]:
    """Addresses where the kernel and its workers listen or take datagrams."""
    found = [c for p in (kernel.process, *kernel.process.children(True)) for c in p.net_connections("inet")]
    return {
        (c.laddr.ip, c.laddr.port)
        for c in found
        if c.status == psutil.CONN_LISTEN or (c.type == socket.SOCK_DGRAM and not c.raddr)
    }


def serve(kernel: Frontend, folder: Path, kind: str) -> tuple[str, Clients]:
    """Open a door; the id of the cell, and clients of the door."""
    where = {"unix": f"{folder}/mi.sock", "fifo": f"{folder}/mi.fifo --reply-dir {folder}"}.get(kind, "127.0.0.1:0")
    request = kernel.execute(f"%mi serve {kind}:{where}")
    found = kernel.gather(request)
    assert (found.status, found.stderr) == ("ok", "")
    return request, Clients(found.stdout.removeprefix("listening on ").partition(" (")[0], folder)


def logged(kernel: Frontend, request: str, text: str) -> str:
    """Wait until a text has come under a cell that has ended; all that has come there."""
    found = "".join(
        m["content"]["text"]
        for m in kernel.others
        if m["msg_type"] == "stream" and m["parent_header"].get("msg_id") == request
    )
    kernel.others.clear()
    while text not in found:
        found += kernel.messages(request, "stream")[-1]["content"]["text"]
    return found


class TestClients:
    @pytest.mark.parametrize("kind", ["datagram", "unix", "fifo", "http"])
    def test_they_list_and_raise(self, kernel: Frontend, tmp_path: Path, kind: str) -> None:
        kernel.run(ROUTE)
        request, clients = serve(kernel, tmp_path, kind)
        assert clients.ask("events_list")["Events"][6] == {"name": "E_X", "id": 6}
        assert clients.ask("raise_event", ["E_X", ["positional"]]) == "OK"
        assert logged(kernel, request, "positional") == "x positional\n"
        assert clients.ask("raise_event", {"event": "E_X", "params": '{"ip":"named"}'}) == "OK"
        assert logged(kernel, request, "named") == "x named\n"
        done = clients.cli("raise_event", "E_X", "by the cli")
        assert (done.returncode, done.stdout) == (0, '"OK"\n'), done.stderr
        assert logged(kernel, request, "by the cli") == "x by the cli\n"
        done = clients.mi("raise_event", "E_NOWHERE")
        assert (done.returncode, done.stdout) == (1, "ERROR:  Error executing command: 404: Event not registered\n")

    @pytest.mark.parametrize("kind", ["datagram", "fifo", "http"])
    def test_they_subscribe_and_receive(self, kernel: Frontend, tmp_path: Path, kind: str) -> None:
        kernel.run(ROUTE)
        _, clients = serve(kernel, tmp_path, kind)
        with clients.listening("E_X") as printed:
            assert kernel.run("%raise E_X ip=192.0.2.1 n=42").stdout == "x 192.0.2.1\n"
            assert read_json(printed) == {"jsonrpc": "2.0", "method": "E_X", "params": {"ip": "192.0.2.1", "n": 42}}

    def test_a_run_that_fails_is_shown_where_the_door_was_opened(self, kernel: Frontend, tmp_path: Path) -> None:
        kernel.run("event_route[E_FAIL] { $var(x) = 1; $var(x) /= $param(1); }")
        request, clients = serve(kernel, tmp_path, "unix")
        assert clients.ask("raise_event", {"event": "E_FAIL", "params": '{"n":0}'}) == "OK"
        shown = [m for m in kernel.others if m["parent_header"].get("msg_id") == request]
        while not (found := [m for m in shown if m["msg_type"] == "display_data"]):
            shown = kernel.messages(request, "display_data")
        assert "E_FAIL" in found[-1]["content"]["data"]["text/plain"]

    def test_they_are_served_while_a_cell_runs(self, kernel: Frontend, tmp_path: Path) -> None:
        kernel.run(ROUTE)
        _, clients = serve(kernel, tmp_path, "http")
        spinning = kernel.spin()
        assert clients.ask("which")[0] == "get_statistics"
        kernel.interrupt()
        assert kernel.gather(spinning).status == "error"
        assert clients.ask("which")


class TestDoors:
    def test_nothing_listens_until_asked(self, tmp_path: Path) -> None:
        with started(tmp_path) as kernel:
            channels = {kernel.client.get_connection_info()[f"{name}_port"] for name in CHANNELS}
            before = listening(kernel)
            # beside Jupyter's channels there is the pipe that ipykernel takes the output of subprocesses from
            assert len({port for _, port in before} - channels) <= 1
            kernel.run(ROUTE + "%raise E_X 1\n%mi which\n%mi")
            assert listening(kernel) == before
            ports = {serve(kernel, tmp_path, kind)[1].port for kind in ("datagram", "http", "unix")}
            assert {(ip, str(port)) for ip, port in listening(kernel) - before} == {
                ("127.0.0.1", port) for port in ports if port.isdecimal()
            }
            kernel.run("%mi stop")
            assert listening(kernel) == before

    def test_they_are_listed_and_closed(self, kernel: Frontend, tmp_path: Path) -> None:
        assert kernel.run("%mi").shown == ["no door is open; %mi serve ADDRESS opens one"]
        _, first = serve(kernel, tmp_path, "unix")
        _, second = serve(kernel, tmp_path, "http")
        first.ask("pwd")
        heading, _, *rows = kernel.run("%mi").shown[0].splitlines()
        assert heading.split() == ["door", "requests", "events", "under", "way", "refused", "clients"]
        assert [row.split()[:4] for row in rows] == [
            [first.address, "1", "this", "user"],
            [second.address, "0", "every", "user"],
        ]
        assert kernel.run(f"%mi stop {first.address}").stdout == f"closed {first.address}\n"
        assert not Path(first.path).exists()
        assert kernel.run("%mi stop").stdout == f"closed {second.address}\n"
        assert kernel.run("%mi stop").stdout == "no door is open\n"

    def test_a_cell_that_opens_one_can_be_run_again(self, kernel: Frontend, tmp_path: Path) -> None:
        kernel.run(ROUTE)
        _, clients = serve(kernel, tmp_path, "datagram")
        request = kernel.execute(f"%mi serve {clients.address}")
        who = "every user of this machine may command it, but not write files"
        assert kernel.gather(request).stdout == f"listening on {clients.address} ({who})\n"
        assert clients.ask("raise_event", ["E_X", ["again"]]) == "OK"
        assert logged(kernel, request, "again") == "x again\n"

    def test_a_folder_for_the_files_of_clients(self, kernel: Frontend, tmp_path: Path) -> None:
        kernel.run(ROUTE)
        found = kernel.run(f"%mi serve datagram:127.0.0.1:0 --files {tmp_path}")
        assert f"every user of this machine may command it, and write files in {tmp_path})" in found.stdout
        clients = Clients(found.stdout.removeprefix("listening on ").partition(" (")[0], tmp_path)
        assert clients.ask("event_subscribe", ["E_X", f"flatstore:{tmp_path}/f"]) == "OK"
        done = clients.mi("event_subscribe", "E_X", f"flatstore:{tmp_path.parent}/f")
        assert "403: Forbidden" in done.stdout
        kernel.run("%raise E_X 1")
        assert (tmp_path / "f").read_bytes() == b"E_X,1\n"

    def test_a_door_says_what_it_drops(self, kernel: Frontend, tmp_path: Path) -> None:
        request, clients = serve(kernel, tmp_path, "fifo")
        Path(clients.path).chmod(0o622)
        Path(clients.path).write_bytes(b"::[]")
        assert "the file has been made anew" in logged(kernel, request, "has dropped a request")

    def test_they_go_with_the_kernel(self, tmp_path: Path) -> None:
        with started(tmp_path) as kernel:
            paths = [Path(serve(kernel, tmp_path, kind)[1].path) for kind in ("unix", "fifo")]
            assert all(path.exists() for path in paths)
        assert not any(path.exists() for path in paths)

    def test_a_reset_closes_them(self, kernel: Frontend, tmp_path: Path) -> None:
        _, clients = serve(kernel, tmp_path, "fifo")
        kernel.run("%reset")
        assert not Path(clients.path).exists()
        assert kernel.run("%mi").shown[0].startswith("no door is open")

    @pytest.mark.parametrize(
        ("line", "word", "words"),
        [
            ("%mi serve udp:127.0.0.1:0", "udp:127.0.0.1:0", "is no address of the management interface"),
            ("%mi serve htp:127.0.0.1:0", "htp:127.0.0.1:0", "did you mean 'http'?"),
            ("%mi serve http:0.0.0.0:0", "http:0.0.0.0:0", "add --listen 0.0.0.0 --token TOKEN"),
            ("%mi serve unix:/nonexistent/mi", "unix:/nonexistent/mi", "No such file or directory"),
            ("%mi serve", "", "%mi serve ADDRESS"),
            ("%mi serve datagram:127.0.0.1:0 --files /nowhere", "/nowhere", "/nowhere is no folder"),
            ("%mi serve datagram:127.0.0.1:0 --token x", "x", "a datagram cannot carry a token"),
            ("%mi serve http:127.0.0.1:0 --listen ::", "::", "needs a token"),
            ("%mi serve http:127.0.0.1:0 --listen here", "here", "is no IP address"),
            ("%mi stop unix:/nowhere", "unix:/nowhere", "no door is open at unix:/nowhere"),
        ],
    )
    def test_what_is_refused(self, kernel: Frontend, line: str, word: str, words: str) -> None:
        assert_refused(kernel.run(line), line, word, words)


def assert_refused(found: Result, line: str, word: str, words: str) -> None:
    """The cell has failed, with these words and carets under that word."""
    assert found.status == "error"
    assert words in found.traceback
    if word:
        shown = found.traceback.splitlines()
        carets = next(text for text in shown if text.strip(" |") and not text.strip(" |^"))
        above = shown[shown.index(carets) - 1]
        assert above[carets.index("^") : carets.rindex("^") + 1] == word


class TestCommands:
    def test_a_list_is_lines(self, kernel: Frontend) -> None:
        assert kernel.run("%mi which").shown[0].splitlines()[:2] == ["get_statistics", "list_statistics"]

    def test_records_are_a_table(self, kernel: Frontend) -> None:
        kernel.run(ROUTE)
        found = kernel.run("%mi events_list")
        heading, _, *rows = found.shown[0].splitlines()
        assert heading.split() == ["name", "id"]
        assert rows[6].split() == ["E_X", "6"]
        assert "<table" in found.contents("display_data")[0]["data"]["text/html"]

    def test_all_else_is_json(self, kernel: Frontend) -> None:
        kernel.run(ROUTE)
        shown = json.loads(kernel.run("%mi subscribers_list event=E_X").shown[0])
        assert shown["Event"]["Subscribers"] == [{"socket": "route:E_X", "expire": "never"}]
        assert json.loads(kernel.run("%mi evi:subscribers E_X").shown[0]) == shown

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ("a b", "x a\n"),
            ('"two words" 7', "x two words\n"),
            ('{"ip": "é"}', "x é\n"),
            ('["[1]"]', "x [1]\n"),
            ("params=7", None),
            ("", "x <null>\n"),
        ],
    )
    def test_a_raise_runs_in_the_cell(self, kernel: Frontend, given: str, text: str | None) -> None:
        kernel.run(ROUTE)
        found = kernel.run(f"%mi raise_event {'' if given.startswith('params') else 'E_X '}{given}")
        if text is None:
            assert found.status == "error"
        else:
            assert (found.status, found.stdout, found.shown[0]) == ("ok", text, "OK")

    def test_named(self, kernel: Frontend) -> None:
        kernel.run(ROUTE)
        assert kernel.run("%mi raise_event event=E_X params=7").stdout == "x 7\n"

    def test_an_interrupt_ends_a_raise(self, kernel: Frontend) -> None:
        kernel.run(SPIN)
        request = kernel.execute("%mi raise_event E_SPIN")
        kernel.messages(request, "stream")
        kernel.interrupt()
        assert kernel.gather(request).status == "error"

    @pytest.mark.parametrize(
        ("line", "word", "words"),
        [
            ("%mi rase_event E_X", "rase_event", "did you mean 'raise_event'?"),
            ("%mi list", "list", "supported names: statistics:list, evi:list"),
            ("%mi raise_event evnt=E_X", "evnt=E_X", "did you mean 'event'?"),
            ("%mi raise_event event=E_X 7", "event=E_X", "either all named or all without names"),
            ("%mi events_list 7", "7", "too few or too many parameters"),
            ("%mi shv_set x", "x", "usage: %mi shv_set name type value"),
            ("%mi raise_event E_PIKE_BLOCKD", "raise_event", "404 Event not registered"),
            ("%mi raise_event E_PIKE_BLOCKED ip=1", "ip=1", "write the event's parameters as JSON"),
            ("%mi raise_event E_NOWHERE", "raise_event", "hint: %mi events_list lists what is published"),
            ("%mi log_level x", "log_level", "usage: %mi log_level"),
            ("%mi kill", "kill", "403 Forbidden"),
            ('%mi raise_event E_X "open', '"', "is never closed"),
            ("%mi raise_event E_X {1}", "{1}", "this is no JSON"),
        ],
    )
    def test_mistakes(self, kernel: Frontend, line: str, word: str, words: str) -> None:
        assert_refused(kernel.run(line), line, word, words)

    def test_json_that_nests_too_deeply(self, kernel: Frontend) -> None:
        assert "this JSON is nested too deeply" in kernel.run("%mi raise_event E_X " + "[" * 3000).traceback

    def test_no_usage_where_it_was_kept(self, kernel: Frontend) -> None:
        assert "usage" not in kernel.run("%mi shv_get nosuch").traceback

    def test_a_near_miss_of_an_event(self, kernel: Frontend) -> None:
        kernel.run('event_route[E_PIKE_BLOCKED] { xlog("p"); }')
        assert "did you mean 'E_PIKE_BLOCKED'?" in kernel.run("%mi raise_event E_PIKE_BLOCKD").traceback

    def test_nothing_of_a_cell_runs_when_a_line_is_wrong(self, kernel: Frontend) -> None:
        found = kernel.run('xlog("before");\n%mi nosuch')
        assert (found.status, found.stdout) == ("error", "")

    def test_help(self, kernel: Frontend) -> None:
        shown = kernel.run("%mi raise_event?").shown[0]
        assert shown.startswith("%mi raise_event event\n%mi raise_event event params\n\nRaise an event.")
        assert shown.endswith("In OpenSIPS 4.0: evi:raise")

    def test_completion(self, kernel: Frontend) -> None:
        def offered(code: str) -> list[str]:
            matches = kernel.ask("complete_request", code=code, cursor_pos=len(code)).reply["matches"]
            return [str(match) for match in matches]

        assert offered("%mi raise") == ["raise_event"]
        assert {"raise_event", "events_list", "serve", "stop"} <= set(offered("%mi "))
        assert {"event=", "params="} <= set(offered("%mi raise_event "))
